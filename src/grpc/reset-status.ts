import { ErrorCode } from '../http2/frame/error-code.js';
import { Status } from './status-code.js';

/**
 * The gRPC status of a call that the server ended with RST_STREAM before its trailers (grpc/doc/PROTOCOL-HTTP2.md, HTTP2
 * Transport Mapping, Errors). `code` is an RFC 9113 error code; unknown ones are INTERNAL.
 */
export function resetStatus(code: number): Status {
  switch (code) {
    case ErrorCode.REFUSED_STREAM:
      return Status.UNAVAILABLE;
    case ErrorCode.CANCEL:
      return Status.CANCELLED;
    case ErrorCode.ENHANCE_YOUR_CALM:
      return Status.RESOURCE_EXHAUSTED;
    case ErrorCode.INADEQUATE_SECURITY:
      return Status.PERMISSION_DENIED;
    default:
      return Status.INTERNAL;
  }
}
