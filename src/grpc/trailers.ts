import { HeaderField, Indexing } from '../http2/hpack/header-field.js';
import { HeaderList } from '../http2/hpack/header-list.js';
import { percentEncode } from './percent-encoding.js';
import type { Status } from './status-code.js';

/** Longest `grpc-message` before encoding: names of backends and routes need little, and every client has a header limit. */
const MAX_MESSAGE = 1024;

const HEAD = [
  new HeaderField(':status', '200', Indexing.repeated),
  new HeaderField('content-type', 'application/grpc', Indexing.repeated),
];

/** The headers of an answer that the router gives itself. */
export const responseHeaders = new HeaderList(HEAD);

/** Trailers that end a call with a status, after headers were sent (grpc/doc/PROTOCOL-HTTP2.md, Trailers). */
export function statusTrailers(code: Status, message: string): HeaderList {
  return new HeaderList(statusFields(code, message));
}

/** The whole answer of a call that fails before anything was sent (Trailers-Only). */
export function trailersOnly(code: Status, message: string): HeaderList {
  return new HeaderList([...HEAD, ...statusFields(code, message)]);
}

function statusFields(code: Status, message: string): HeaderField[] {
  return [
    new HeaderField('grpc-status', String(code), Indexing.repeated),
    new HeaderField('grpc-message', percentEncode(message.slice(0, MAX_MESSAGE)), Indexing.once),
  ];
}
