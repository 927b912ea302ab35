import { HeaderList } from '../http2/hpack/header-list.js';

/**
 * The trailers in a Trailers-Only response (grpc/doc/PROTOCOL-HTTP2.md): the same list without what belongs to the head of
 * a response. Needed when headers have already gone out, from another replica.
 */
export function withoutResponseHead(list: HeaderList): HeaderList {
  return new HeaderList(
    list.fields.filter(({ name }) => name !== ':status' && name !== 'content-type' && name !== 'content-length'),
  );
}
