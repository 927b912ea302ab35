/**
 * Delays between attempts to dial: exponential with full jitter in its upper half, so that the connections of a restarted
 * backend do not all come back in step.
 *
 *     attempt   0      1      2      3   …
 *     base      min    2·min  4·min  8·min … at most max
 *     delay     a random value in [base/2, base]
 */
export class Backoff {
  private readonly minMs: number;
  private readonly maxMs: number;
  private readonly random: () => number;
  private attempt = 0;

  /**
   * @param minMs first delay in ms, at least 1
   * @param maxMs longest delay in ms, at least minMs
   * @throws RangeError on any other combination
   */
  constructor(minMs: number, maxMs: number, random: () => number = Math.random) {
    if (!(minMs >= 1)) throw new RangeError(`back-off: first delay ${minMs} ms is not at least 1`);
    if (!(maxMs >= minMs)) throw new RangeError(`back-off: longest delay ${maxMs} ms is under the first, ${minMs} ms`);
    this.minMs = minMs;
    this.maxMs = maxMs;
    this.random = random;
  }

  /** The delay before the next attempt in ms. */
  next(): number {
    const base = Math.min(this.maxMs, this.minMs * 2 ** Math.min(this.attempt, 30));
    this.attempt++;
    return base / 2 + this.random() * (base / 2);
  }

  /** The connection was good: start over. */
  reset(): void {
    this.attempt = 0;
  }
}
