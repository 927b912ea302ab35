import type { Stream } from '../stream/stream.js';

/** So many seconds' worth may go at once. With 30 a second: 900, under the 1000 that servers built on nghttp2 take. */
const BURST_SECONDS = 30;
/** More than this many never wait: the peer then gets them at once, whatever it makes of it. */
const MAX_WAITING = 10_000;
const TICK_MS = 1000;

/** Sends the RST_STREAM of a stream that has waited. */
export interface ResetSender {
  resetNow(stream: Stream, code: number): void;
}

/**
 * Keeps the resets that we send under what a server tolerates before it takes us for an attacker and closes the connection
 * (nghttp2, so every Node server: 1000 at once and 33 a second, CVE-2023-44487). Many clients' cancellations come together on
 * one connection to a backend, and one client must not be able to have it closed under all others.
 *
 * A reset that waits is one whose stream nobody listens to any more, and the server may end it by itself meanwhile, as it does
 * with short calls; then it is saved. At most {@link MAX_WAITING} wait: each takes one of the streams that the server allows.
 */
export class ResetPacer {
  private readonly perSecond: number;
  private readonly sender: ResetSender;
  private tokens: number;
  private filledAt = performance.now();
  /** Streams with the error code of their reset, oldest first. */
  private readonly waiting = new Map<Stream, number>();
  private timer: NodeJS.Timeout | null = null;

  /** @param perSecond RST_STREAM frames for ever; 0 = no pace is kept */
  constructor(perSecond: number, sender: ResetSender) {
    this.perSecond = perSecond;
    this.sender = sender;
    this.tokens = perSecond * BURST_SECONDS;
  }

  /** True when a reset may go out now; false when `stream` was put in the queue. */
  mayReset(stream: Stream, code: number): boolean {
    if (this.perSecond === 0) return true;
    if (this.waiting.size === 0 && this.take()) return true;
    if (this.waiting.size >= MAX_WAITING) return true;
    this.waiting.set(stream, code);
    this.timer ??= setTimeout(() => this.tick(), TICK_MS);
    return false;
  }

  private take(): boolean {
    if (this.tokens < 1) {
      const now = performance.now();
      const gained = ((now - this.filledAt) * this.perSecond) / 1000;
      this.filledAt = now;
      this.tokens = Math.min(this.perSecond * BURST_SECONDS, this.tokens + gained);
    }
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  private tick(): void {
    this.timer = null;
    for (const [stream, code] of this.waiting) {
      if (!this.take()) break;
      this.waiting.delete(stream);
      this.sender.resetNow(stream, code);
    }
    if (this.waiting.size > 0) this.timer = setTimeout(() => this.tick(), TICK_MS);
  }

  /** The stream is closed: its reset went out, or is not needed any more. */
  forget(stream: Stream): void {
    if (this.waiting.size > 0) this.waiting.delete(stream);
  }

  /** The connection is gone. */
  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting.clear();
  }
}
