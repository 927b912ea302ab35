/**
 * Upper bounds of the buckets in ms: from what one hop of a call costs to what a long stream takes. Each is a series for each
 * set of labels, so there are no more than tell an operator something.
 */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000,
];

/** Counts durations by bucket; one is a search in a short list and three additions, without allocation. */
export class LatencyHistogram {
  /** By bucket, the last one for all that is longer; doubles count to 2^53. */
  readonly counts = new Float64Array(LATENCY_BOUNDS_MS.length + 1);
  sumMs = 0;

  observe(ms: number): void {
    let bucket = 0;
    while (bucket < LATENCY_BOUNDS_MS.length && ms > LATENCY_BOUNDS_MS[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sumMs += ms;
  }
}
