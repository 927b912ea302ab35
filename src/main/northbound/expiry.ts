import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import { Expiry } from '../../http2/stream/stream.js';

/** What a call ends with that has lasted long enough: the client calls again and is given a fresh choice. */
export function expiryError(expiry: Expiry): RpcError {
  return new RpcError(
    Status.UNAVAILABLE,
    expiry === Expiry.stream
      ? 'the call is older than AFROUTER_MAX_STREAM_AGE_MS; call again'
      : 'the connection is older than AFROUTER_MAX_CONNECTION_AGE_MS and its grace; call again',
  );
}
