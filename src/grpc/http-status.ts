import type { HeaderList } from '../http2/hpack/header-list.js';
import { isGrpc } from './content-type.js';
import { RpcError } from './rpc-error.js';
import { Status } from './status-code.js';

/**
 * The gRPC status of an HTTP response that is not gRPC's: another `:status` than 200 (grpc/doc/http-grpc-status-mapping.md), or
 * a foreign content type, whose body must not be taken for messages. For responses without a `grpc-status`: one that has it
 * speaks for itself.
 * @returns undefined when nothing says that the response is not gRPC's
 */
export function httpFailure(list: HeaderList): RpcError | undefined {
  // `:status` stands first: a response has no other pseudo-header field (checked by http2).
  const status = list.fields[0]!.value;
  if (status === '200') {
    const type = list.get('content-type');
    if (type === undefined || isGrpc(type) || list.get('grpc-status') !== undefined) return undefined;
    return new RpcError(Status.UNKNOWN, 'answered with a content-type that is not application/grpc');
  }
  if (list.get('grpc-status') !== undefined) return undefined;
  return new RpcError(statusOf(status), `answered HTTP ${status} without a gRPC status`);
}

function statusOf(http: string): Status {
  switch (http) {
    case '400':
      return Status.INTERNAL;
    case '401':
      return Status.UNAUTHENTICATED;
    case '403':
      return Status.PERMISSION_DENIED;
    case '404':
      return Status.UNIMPLEMENTED;
    case '429':
    case '502':
    case '503':
    case '504':
      return Status.UNAVAILABLE;
    default:
      return Status.UNKNOWN;
  }
}
