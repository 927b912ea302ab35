import { build, type Histogram } from 'hdr-histogram-js';
import type { Latency } from './spec.js';

/** The longest latency that is told apart, in microseconds. */
const LONGEST = 120e6;

/** Latencies of calls, from when each was meant to begin to its end. */
export class LatencyRecord {
  private readonly histogram: Histogram = build({
    bitBucketSize: 64,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST,
    numberOfSignificantValueDigits: 3,
  });

  /**
   * A call that was meant to begin at `intended` and ended at `end`, in microseconds of one clock. When it really began does not
   * matter: a generator or a proxy that fell behind must not look fast because it began late.
   */
  add(intended: number, end: number): void {
    this.histogram.recordValue(Math.min(LONGEST, Math.max(1, Math.round(end - intended))));
  }

  /** Forgets what was added. */
  reset(): void {
    this.histogram.reset();
  }

  /** Microseconds; 0 each when nothing was added. */
  summary(): Latency {
    const at = (percentile: number) => this.histogram.getValueAtPercentile(percentile);
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: this.histogram.maxValue };
  }
}
