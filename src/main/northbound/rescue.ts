import type { RpcError } from '../../grpc/rpc-error.js';
import { statusTrailers, trailersOnly } from '../../grpc/trailers.js';
import { ErrorCode } from '../../http2/frame/error-code.js';
import { HeaderField, Indexing } from '../../http2/hpack/header-field.js';
import { HeaderList } from '../../http2/hpack/header-list.js';
import type { Stream } from '../../http2/stream/stream.js';

/** The one place where an error becomes what a client reads: `grpc-status` and `grpc-message`. */
export function rescue(stream: Stream, error: RpcError, headersSent: boolean): void {
  if (headersSent) stream.sendTrailers(statusTrailers(error.code, error.message));
  else stream.sendHeaders(trailersOnly(error.code, error.message), undefined, true);
}

/** Answers a request that is not gRPC with a bare HTTP status (grpc/doc/PROTOCOL-HTTP2.md asks 415 for a foreign content type). */
export function rejectHttp(stream: Stream, status: 405 | 415 | 431): void {
  stream.sendHeaders(REJECTIONS[status], undefined, true);
  // A body may still come, or never end: it is not needed (RFC 9113 §8.1), and the stream must not stay for it.
  stream.reset(ErrorCode.NO_ERROR);
}

const REJECTIONS = {
  // A 405 must name what is allowed (RFC 9110 §15.5.6).
  405: bare('405', new HeaderField('allow', 'POST', Indexing.repeated)),
  415: bare('415'),
  431: bare('431'),
};

function bare(status: string, ...extra: HeaderField[]): HeaderList {
  return new HeaderList([
    new HeaderField(':status', status, Indexing.repeated),
    new HeaderField('content-length', '0', Indexing.repeated),
    ...extra,
  ]);
}
