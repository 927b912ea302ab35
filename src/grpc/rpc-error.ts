import type { Status } from './status-code.js';

/**
 * A call's failure: created once, where it is discovered, with the status the client will see; it then travels as a
 * value to the one place that turns it into trailers (`main/northbound/rescue.ts`). It carries no stack on purpose: it
 * describes a call, not a bug, and is made on the hot path.
 */
export class RpcError {
  readonly code: Status;
  /** For the client: names the backend or route concerned, never a payload or a credential. */
  readonly message: string;

  constructor(code: Status, message: string) {
    this.code = code;
    this.message = message;
  }
}
