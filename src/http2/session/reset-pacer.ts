import type { Stream } from '../stream/stream.js';

/** So many seconds' worth may go at once. With 30 a second: 900, under the 1000 that servers built on nghttp2 take. */
const BURST_SECONDS = 30;
/** More than this many never wait: the peer then gets them at once, whatever it makes of it. */
const MAX_WAITING = 1000;
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
 * A reset that waits is one whose stream nobody listens to any more: at most {@link MAX_WAITING} of them, each for a window
 * of memory at the most, and it goes out within MAX_WAITING / perSecond seconds.
 */
export class ResetPacer {
  private readonly perSecond: number;
  private readonly sender: ResetSender;
  private tokens: number;
  private filledAt = performance.now();
  private waiting: { readonly stream: Stream; readonly code: number }[] = [];
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
    if (this.waiting.length === 0 && this.take()) return true;
    if (this.waiting.length >= MAX_WAITING) return true;
    this.waiting.push({ stream, code });
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
    let sent = 0;
    for (const { stream, code } of this.waiting) {
      // Ended by the peer meanwhile: that reset is saved.
      if (stream.open) {
        if (!this.take()) break;
        this.sender.resetNow(stream, code);
      }
      sent++;
    }
    this.waiting.splice(0, sent);
    if (this.waiting.length > 0) this.timer = setTimeout(() => this.tick(), TICK_MS);
  }

  /** The connection is gone. */
  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting = [];
  }
}
