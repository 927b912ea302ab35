import type { HeaderList } from '../hpack/header-list.js';
import { ByteQueue } from './byte-queue.js';

/**
 * What a stream has accepted for sending and could not send yet, and how the stream ends after it. Its length is bounded by
 * the credit given to the source, not here.
 */
export class SendQueue extends ByteQueue {
  /** Send END_STREAM with the last byte. */
  endStream = false;
  /** Send these after the last byte. */
  trailers: HeaderList | null = null;

  /** Nothing left to send, no END_STREAM or trailers either. */
  get empty(): boolean {
    return this.bytes === 0 && !this.endStream && this.trailers === null;
  }

  override clear(): void {
    super.clear();
    this.endStream = false;
    this.trailers = null;
  }
}
