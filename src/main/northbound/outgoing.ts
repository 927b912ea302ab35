import { MessageAppender } from '../../grpc/message-appender.js';
import { without } from '../../grpc/metadata.js';
import type { RpcError } from '../../grpc/rpc-error.js';
import { HeaderField, Indexing } from '../../http2/hpack/header-field.js';
import { HeaderList } from '../../http2/hpack/header-list.js';
import { RecordFlag } from '../../port/records.js';
import type { BackendLink } from '../backends/backend-link.js';
import type { PortCall, WorkerPort } from '../backends/worker-port.js';
import type { AssociationConfig, RoutingFieldConfig } from '../config/routing-file.js';
import type { Method, MethodRoute, RouteDecision } from '../routing/route.js';
import { encodeAssociationField } from '../routing/transaction-id.js';
import type { CallRecord } from './call-record.js';

const TE = new HeaderField('te', 'trailers', Indexing.repeated);

/**
 * The headers a backend gets: the client's, untouched but for these. A client that sends the association key itself does not
 * get it through (the worker adds ours). A body that is added to has no content-length any more. A reply whose key has to be
 * read must not be compressed, so the backend is not told that it might. And every gRPC request says `te: trailers`: there are
 * servers that refuse one without it.
 */
function outgoingHeaders(
  headers: HeaderList,
  association: AssociationConfig | undefined,
  readsReply: boolean,
): HeaderList {
  if (headers.get('te') === undefined) headers = new HeaderList([...headers.fields, TE]);
  if (association?.location === 'header') headers = without(headers, association.key);
  if (association?.location === 'protobuf') headers = without(headers, 'content-length');
  if (readsReply) headers = without(headers, 'grpc-accept-encoding');
  return headers;
}

/**
 * RecordFlags of a call's OPEN record.
 * @param halfClosed the client sends no body
 * @param report the worker is to say how the legs came out
 */
function openFlags({ requestStream, responseStream }: Method, halfClosed: boolean, report: boolean): number {
  return (
    (report ? RecordFlag.REPORT : 0) |
    (halfClosed ? RecordFlag.END : 0) |
    (requestStream ? RecordFlag.REQUEST_STREAM : 0) |
    (responseStream ? RecordFlag.RESPONSE_STREAM : 0)
  );
}

/** Opens a call at the backend that was decided on. Returns the port to go on with, or why there is none. */
export function openAt(
  backend: BackendLink,
  call: CallRecord & PortCall,
  { method }: MethodRoute,
  { connection, replyBinding }: RouteDecision,
  transactionId: string,
  halfClosed: boolean,
): WorkerPort | RpcError {
  const { headers, report } = call;
  const said = report === null ? headers : report.outgoing(headers);
  const sent = outgoingHeaders(said, backend.association, replyBinding !== undefined);
  return backend.openCall(call, openFlags(method, halfClosed, report !== null), connection, transactionId, sent);
}

/** What puts the transaction id into each request message, where the backend wants it there. */
export function associationAppender(
  association: AssociationConfig | undefined,
  field: RoutingFieldConfig | undefined,
  transactionId: string,
): MessageAppender | null {
  if (association?.location !== 'protobuf' || field === undefined) return null;
  return new MessageAppender(encodeAssociationField(field, transactionId));
}
