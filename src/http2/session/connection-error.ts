import { ErrorCode } from '../frame/error-code.js';
import { Http2Error } from '../frame/http2-error.js';
import { HeaderBombError, HpackError } from '../hpack/hpack-error.js';

/**
 * What `error`, thrown while a peer's bytes were read, means for the connection (RFC 9113 §5.4.1).
 * @throws `error` itself when it is none of the peer's doing
 */
export function connectionError(error: unknown): Http2Error {
  if (error instanceof Http2Error) return error;
  if (error instanceof HeaderBombError) {
    return new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, error.message, 'headerListsOversized');
  }
  if (error instanceof HpackError) return new Http2Error(ErrorCode.COMPRESSION_ERROR, error.message);
  throw error;
}
