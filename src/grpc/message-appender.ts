import { MESSAGE_PREFIX_BYTES } from './message-boundary.js';
import { RpcError } from './rpc-error.js';
import { Status } from './status-code.js';

/** Where rewritten bytes go. */
export type Emit = (buf: Buffer, start: number, end: number) => void;

/**
 * Appends the same bytes to every message of a stream of length-prefixed messages and corrects their lengths. An encoded
 * scalar field at the end of a protobuf message overrides the same field before it (protobuf: the last one wins), so nothing
 * has to be decoded. Bodies are passed on where they lie.
 */
export class MessageAppender {
  private readonly suffix: Buffer;
  private readonly prefix = Buffer.alloc(MESSAGE_PREFIX_BYTES);
  private prefixBytes = 0;
  private left = 0;
  /** Bytes that came out beyond those that went in. */
  added = 0;

  constructor(suffix: Buffer) {
    this.suffix = suffix;
  }

  /** Takes the next range and emits what it becomes. Returns an error for a message that cannot be appended to. */
  feed(buf: Buffer, start: number, end: number, emit: Emit): RpcError | undefined {
    let pos = start;
    while (pos < end) {
      if (this.prefixBytes < MESSAGE_PREFIX_BYTES) {
        this.prefix[this.prefixBytes++] = buf[pos++]!;
        if (this.prefixBytes < MESSAGE_PREFIX_BYTES) continue;
        const refused = this.beginMessage(emit);
        if (refused !== undefined) return refused;
      }
      const n = Math.min(this.left, end - pos);
      if (n > 0) emit(buf, pos, pos + n);
      this.left -= n;
      pos += n;
      if (this.left === 0) {
        emit(this.suffix, 0, this.suffix.length);
        this.added += this.suffix.length;
        this.prefixBytes = 0;
      }
    }
    return undefined;
  }

  private beginMessage(emit: Emit): RpcError | undefined {
    if (this.prefix[0] !== 0) {
      return new RpcError(
        Status.UNIMPLEMENTED,
        'a compressed message cannot carry the association field of its backend; send it uncompressed',
      );
    }
    this.left = this.prefix.readUInt32BE(1);
    const length = this.left + this.suffix.length;
    if (length > 0xffffffff)
      return new RpcError(Status.RESOURCE_EXHAUSTED, 'a message is too long for its association field');
    // A fresh prefix: the receiver may keep it by reference.
    const prefix = Buffer.alloc(MESSAGE_PREFIX_BYTES);
    prefix.writeUInt32BE(length, 1);
    emit(prefix, 0, MESSAGE_PREFIX_BYTES);
    return undefined;
  }
}
