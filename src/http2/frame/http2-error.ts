import type { Limit } from '../session/limit-counters.js';

/**
 * A connection error (RFC 9113 §5.4.1): thrown where the fault is seen, caught once, in the session, which answers with
 * GOAWAY and closes. A fault of one stream only is not an exception: it ends that stream with RST_STREAM.
 */
export class Http2Error extends Error {
  /** An error code of RFC 9113 §7. */
  readonly code: number;
  /** The counter it belongs to. */
  readonly limit: Limit;

  constructor(code: number, message: string, limit: Limit = 'protocolErrors') {
    super(message);
    this.name = 'Http2Error';
    this.code = code;
    this.limit = limit;
  }
}
