import { MESSAGE_PREFIX_BYTES } from './message-boundary.js';
import { RpcError } from './rpc-error.js';
import { Status } from './status-code.js';

/** A message as it lies in a buffer: its prefix begins at `start`, its body ends at `end`. */
export interface WholeMessage {
  readonly buf: Buffer;
  readonly start: number;
  readonly end: number;
  readonly compressed: boolean;
}

const NO_BYTES = Buffer.alloc(0);

/**
 * Where the message ends that begins at `start`, if it is whole, not compressed and not over the limit: then nothing of it has
 * to be kept, and no {@link FirstMessage} made. Else -1, and `FirstMessage` tells why.
 * @param limit longest message in bytes, prefix not counted
 */
export function wholeMessage(buf: Buffer, start: number, end: number, limit: number): number {
  if (end - start < MESSAGE_PREFIX_BYTES || buf[start] !== 0) return -1;
  const length = buf.readUInt32BE(start + 1);
  const messageEnd = start + MESSAGE_PREFIX_BYTES + length;
  return length <= limit && messageEnd <= end ? messageEnd : -1;
}

/**
 * Gathers the first length-prefixed message of a stream (grpc/doc/PROTOCOL-HTTP2.md) and keeps everything that was given to
 * it, so that the stream can be passed on from its beginning. A message over the limit is refused as soon as its prefix says
 * so, before its body is kept.
 */
export class FirstMessage {
  private readonly limit: number;
  private readonly who: string;
  private buf: Buffer = NO_BYTES;
  private length = 0;

  /**
   * @param limit longest message in bytes, prefix not counted
   * @param who sent it, for the error message
   */
  constructor(limit: number, who: string) {
    this.limit = limit;
    this.who = who;
  }

  /** Bytes kept. */
  get bytes(): number {
    return this.length;
  }

  /** Everything given so far. */
  get kept(): Buffer {
    return this.buf.subarray(0, this.length);
  }

  /**
   * Takes the next range. Returns the message once it is whole, undefined before, or why it is refused. When the first range
   * holds the whole message, as is usual, nothing is copied: then the message lies in `buf` itself and `kept` is empty.
   */
  push(buf: Buffer, start: number, end: number): WholeMessage | RpcError | undefined {
    if (this.length === 0) {
      const found = this.find(buf, start, end);
      if (found !== undefined) return found;
    }
    this.keep(buf, start, end);
    return this.find(this.buf, 0, this.length);
  }

  private find(buf: Buffer, start: number, end: number): WholeMessage | RpcError | undefined {
    if (end - start < MESSAGE_PREFIX_BYTES) return undefined;
    const flag = buf[start]!;
    if (flag > 1) return new RpcError(Status.INTERNAL, `${this.who} sent a message with flag octet ${flag}`);
    const length = buf.readUInt32BE(start + 1);
    if (length > this.limit) {
      return new RpcError(
        Status.RESOURCE_EXHAUSTED,
        `${this.who} sent a message of ${length} bytes; the limit is ${this.limit}`,
      );
    }
    const messageEnd = start + MESSAGE_PREFIX_BYTES + length;
    return messageEnd <= end ? { buf, start, end: messageEnd, compressed: flag === 1 } : undefined;
  }

  private keep(buf: Buffer, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.buf.length) {
      // Doubling, so that a long message is not copied once per frame; never more than the message and one frame need.
      const grown = Buffer.allocUnsafe(Math.max(length, Math.min(this.buf.length * 2, this.limit + 65536)));
      this.buf.copy(grown, 0, 0, this.length);
      this.buf = grown;
    }
    buf.copy(this.buf, this.length, start, end);
    this.length = length;
  }
}
