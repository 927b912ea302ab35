import type { CaseResult, Metric, TargetResult } from './metrics.js';

/** The middle of the values (mean of the two middle ones for an even count); NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Half the distance between the extremes, relative to the median: how far rounds differed. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}

/** What a target's rounds gave of a metric, in order; a round that lacks it is left out. */
export function valuesOf(result: TargetResult, metric: Metric): number[] {
  return result.samples.map((sample) => sample[metric]).filter((value) => value !== undefined);
}

/**
 * One target's metric against another's: the median of the rounds' own ratios. Rounds are interleaved, so what slows the machine
 * down for a while slows both halves of a ratio. Undefined when either was not measured.
 */
export function ratio(result: CaseResult, target: string, against: string, metric: Metric): number | undefined {
  const one = result.targets.find((each) => each.target === target);
  const other = result.targets.find((each) => each.target === against);
  if (one === undefined || other === undefined) return undefined;
  const ratios = one.samples
    .map((sample, round) => (sample[metric] ?? Number.NaN) / (other.samples[round]?.[metric] ?? Number.NaN))
    .filter((quotient) => !Number.isNaN(quotient));
  return ratios.length === 0 ? undefined : median(ratios);
}
