import type { Limit, LimitCounters } from './limit-counters.js';

/** Told of the limits that a peer meets. */
export interface LimitListener {
  /** The peer met this limit for the first time on this connection. `detail` is for the log; it holds nothing the peer sent. */
  onLimit(limit: Limit, detail: string): void;
}

/** Counts the limits that one connection meets, and tells of each once: an attack is one line in the log, not a million. */
export class LimitReport {
  private readonly counters: LimitCounters;
  private readonly listener: LimitListener;
  /** Null until the first: most connections meet none. */
  private told: Set<Limit> | null = null;

  constructor(counters: LimitCounters, listener: LimitListener) {
    this.counters = counters;
    this.listener = listener;
  }

  hit(limit: Limit, detail: string): void {
    this.counters[limit]++;
    this.told ??= new Set();
    if (this.told.has(limit)) return;
    this.told.add(limit);
    this.listener.onLimit(limit, detail);
  }
}
