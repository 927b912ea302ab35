import { ByteQueue, type Piece } from '../../http2/stream/byte-queue.js';

/**
 * The request bytes sent so far, for replicas that come late. Bounded: a request that outgrows it is simply not caught up.
 */
export class Backlog {
  private readonly limit: number;
  private readonly queue = new ByteQueue();
  /** False once the limit was passed; then nothing is kept. */
  complete = true;

  /** @param limit bytes */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes kept. */
  get bytes(): number {
    return this.queue.bytes;
  }

  /** Keeps a range. Returns false when this range passed the limit. */
  add(buf: Buffer, start: number, end: number): boolean {
    if (!this.complete) return true;
    if (this.queue.bytes + end - start > this.limit) {
      this.complete = false;
      this.queue.clear();
      return false;
    }
    this.queue.push(buf, start, end);
    return true;
  }

  get kept(): readonly Readonly<Piece>[] {
    return this.queue.waiting();
  }
}
