import { RpcError } from './rpc-error.js';
import { Status } from './status-code.js';

/** Flag octet and 32-bit length before each message (grpc/doc/PROTOCOL-HTTP2.md, Length-Prefixed-Message). */
export const MESSAGE_PREFIX_BYTES = 5;

/**
 * Follows a stream of length-prefixed messages and knows where one ends, without keeping any of it. A prefix may be split
 * anywhere. A message over the limit is refused as soon as its prefix is complete, before it is buffered by anyone.
 */
export class MessageBoundary {
  private readonly limit: number;
  private readonly who: string;
  /** Octets of the current prefix seen so far, 0–5. */
  private prefixBytes = 0;
  private length = 0;
  /** Octets of the current message's body still to come. */
  private left = 0;

  /**
   * @param limit longest message in bytes, prefix not counted
   * @param who sent the messages, for the error message
   */
  constructor(limit: number, who: string) {
    this.limit = limit;
    this.who = who;
  }

  /** True between messages. */
  get between(): boolean {
    return this.prefixBytes === 0;
  }

  /** Bytes still to come of a message whose prefix is complete; 0 otherwise. */
  get bytesLeft(): number {
    return this.left;
  }

  /**
   * Takes the next range. Returns the position after the last message that ends in it, -1 when none does, or an error
   * (then the stream makes no sense any more and must not be fed again).
   */
  feed(buf: Uint8Array, start: number, end: number): number | RpcError {
    let boundary = -1;
    let pos = start;
    while (pos < end) {
      if (this.prefixBytes < MESSAGE_PREFIX_BYTES) {
        const octet = buf[pos++]!;
        if (this.prefixBytes === 0) {
          if (octet > 1) return new RpcError(Status.INTERNAL, `${this.who} sent a message with flag octet ${octet}`);
          this.length = 0;
        } else {
          this.length = this.length * 256 + octet;
        }
        this.prefixBytes++;
        if (this.prefixBytes < MESSAGE_PREFIX_BYTES) continue;
        if (this.length > this.limit) {
          return new RpcError(
            Status.RESOURCE_EXHAUSTED,
            `${this.who} sent a message of ${this.length} bytes; the limit is ${this.limit}`,
          );
        }
        this.left = this.length;
      }
      const n = Math.min(this.left, end - pos);
      this.left -= n;
      pos += n;
      if (this.left === 0) {
        this.prefixBytes = 0;
        boundary = pos;
      }
    }
    return boundary;
  }
}
