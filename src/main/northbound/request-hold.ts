import { FirstMessage } from '../../grpc/first-message.js';
import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import type { HeldBudget } from './held-budget.js';

/**
 * The first message of a request whose route waits for it, where it does not come whole in one frame. What is held is taken
 * from the budget of the process; it is given back when the backend has taken the bytes, or the call ends (`HeldCall`).
 */
export class RequestHold {
  private readonly budget: HeldBudget;
  private readonly routeName: string;
  private readonly message: FirstMessage;

  /** @param maxMessageBytes prefix not counted */
  constructor(budget: HeldBudget, maxMessageBytes: number, routeName: string) {
    this.budget = budget;
    this.routeName = routeName;
    this.message = new FirstMessage(maxMessageBytes, 'the client');
  }

  /** Everything held. */
  get kept(): Buffer {
    return this.message.kept;
  }

  /**
   * Takes the next range of the body; `endStream` says that nothing follows. The first one holds no message that `wholeMessage`
   * would find: of that nothing would be kept.
   * @returns where the message ends in what is {@link kept} once it is whole; -1 before, and then the range is held; or why
   * the call ends
   */
  push(buf: Buffer, start: number, end: number, endStream: boolean): number | RpcError {
    const message = this.message.push(buf, start, end);
    if (message instanceof RpcError) return message;
    if (message === undefined) {
      if (endStream) return noMessage(this.routeName);
      if (this.budget.take(end - start)) return -1;
      return new RpcError(Status.RESOURCE_EXHAUSTED, 'the router holds too many unrouted bytes; try again later');
    }
    if (message.compressed) {
      return new RpcError(
        Status.UNIMPLEMENTED,
        `route ${this.routeName} reads a field of the first message, which must not be compressed`,
      );
    }
    return message.end;
  }
}

/** The call ended before its first message, which the route needs. */
export function noMessage(routeName: string): RpcError {
  return new RpcError(
    Status.INVALID_ARGUMENT,
    `route ${routeName} reads a field of the first message, and the call ended without one`,
  );
}
