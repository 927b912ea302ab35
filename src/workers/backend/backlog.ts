import { ByteQueue, type Piece } from '../../http2/stream/byte-queue.js';
import type { ReplayBudget } from './replay-budget.js';

/** What takes a request's body. */
export interface BodySink {
  send(buf: Uint8Array, start: number, end: number, last: boolean): void;
}

/**
 * The request bytes sent so far, for legs that must have them again: those of replicas that come late, and those that a
 * replica did not process. Bounded: a request that outgrows it is simply not sent again.
 */
export class Backlog {
  private readonly limit: number;
  private readonly budget: ReplayBudget;
  private queue: ByteQueue | null = null;
  /**
   * The newest range, not in the queue yet, which copies small ones so that they do not keep a large batch. Most calls have
   * one range and are over before that copy would be worth its price.
   */
  private newest: Buffer | null = null;
  private newestStart = 0;
  private newestEnd = 0;
  /** Bytes kept. */
  bytes = 0;
  /** False once the limit was passed; then nothing is kept. */
  complete = true;

  /** @param limit bytes @param budget of all calls */
  constructor(limit: number, budget: ReplayBudget) {
    this.limit = limit;
    this.budget = budget;
  }

  /** Keeps a range. Returns false when this range passed the limit, or the budget. */
  add(buf: Buffer, start: number, end: number): boolean {
    if (!this.complete || start === end) return true;
    if (this.bytes + end - start > this.limit || !this.budget.take(end - start)) {
      this.complete = false;
      this.release();
      return false;
    }
    this.settle();
    this.newest = buf;
    this.newestStart = start;
    this.newestEnd = end;
    this.bytes += end - start;
    return true;
  }

  /** Lets go of everything. To be called when the call is over. */
  release(): void {
    this.budget.give(this.bytes);
    this.queue = null;
    this.newest = null;
    this.bytes = 0;
  }

  /** Lets go of the batch that the newest range came in. To be called now and then. */
  settle(): void {
    if (this.newest === null) return;
    this.queue ??= new ByteQueue();
    this.queue.push(this.newest, this.newestStart, this.newestEnd);
    this.newest = null;
  }

  /**
   * Sends what is kept, from byte `from` of the request on.
   * @param last the client has half-closed
   */
  replayTo(leg: BodySink, from: number, last: boolean): void {
    let at = 0;
    for (const { buf, start, end } of this.kept) {
      const skipped = Math.min(Math.max(from - at, 0), end - start);
      at += end - start;
      if (start + skipped < end) leg.send(buf, start + skipped, end, last && at === this.bytes);
    }
  }

  get kept(): readonly Readonly<Piece>[] {
    this.settle();
    return this.queue?.waiting() ?? [];
  }
}
