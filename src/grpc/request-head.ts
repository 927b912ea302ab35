import type { HeaderList } from '../http2/hpack/header-list.js';
import { isGrpc } from './content-type.js';
import { parseTimeout } from './timeout.js';

/** What the headers of a request say to the router. */
export interface RequestHead {
  /** `:path`. */
  readonly path: string;
  /** `:method` is POST. */
  readonly post: boolean;
  /** `content-type` is `application/grpc`, alone or with `+…` or `;…` (grpc/doc/PROTOCOL-HTTP2.md, Content-Type). */
  readonly grpc: boolean;
  /** `grpc-timeout` in ms; -1 without one, and -2 when it is malformed. */
  readonly timeoutMs: number;
}

/** The head of a request; read once from a list that repeats, and remembered in its `memo`. */
export function requestHead(list: HeaderList): RequestHead {
  const { memo } = list;
  if (memo instanceof ParsedHead) return memo;
  const head = new ParsedHead(list);
  if (list.shared) list.memo = head;
  return head;
}

class ParsedHead implements RequestHead {
  readonly path: string;
  readonly post: boolean;
  readonly grpc: boolean;
  readonly timeoutMs: number;

  constructor(list: HeaderList) {
    let path = '';
    let post = false;
    let grpc = false;
    let timeoutMs = -1;
    const { fields } = list;
    for (let i = 0; i < fields.length; i++) {
      const { name, value } = fields[i]!;
      switch (name) {
        case ':path':
          path = value;
          break;
        case ':method':
          post = value === 'POST';
          break;
        case 'content-type':
          grpc = isGrpc(value);
          break;
        case 'grpc-timeout':
          timeoutMs = parseTimeout(value) ?? -2;
          break;
      }
    }
    this.path = path;
    this.post = post;
    this.grpc = grpc;
    this.timeoutMs = timeoutMs;
  }
}
