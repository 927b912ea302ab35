import type { Range } from './responses/held-answer.js';

/**
 * The request bytes sent so far, for replicas that come late. Bounded: a request that outgrows it is simply not caught up.
 */
export class Backlog {
  private readonly limit: number;
  private ranges: Range[] = [];
  bytes = 0;
  /** False once the limit was passed; then nothing is kept. */
  complete = true;

  /** @param limit bytes */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Keeps a range. Returns false when this range passed the limit. */
  add(buf: Buffer, start: number, end: number): boolean {
    if (!this.complete) return true;
    const length = end - start;
    if (this.bytes + length > this.limit) {
      this.complete = false;
      this.ranges = [];
      this.bytes = 0;
      return false;
    }
    this.bytes += length;
    // A small range would keep its whole batch alive for as long as the request lives.
    if (length * 4 < buf.buffer.byteLength)
      this.ranges.push({ buf: Buffer.from(buf.subarray(start, end)), start: 0, end: length });
    else this.ranges.push({ buf, start, end });
    return true;
  }

  get kept(): readonly Range[] {
    return this.ranges;
  }
}
