import type { Lab } from './lab.js';
import type { CaseResult, Metric } from './metrics.js';

/** Something an operator wants to know before adopting a router. */
export interface Scenario {
  /** For `--scenario`. */
  readonly name: string;
  readonly title: string;
  /** What is done, for the report. */
  readonly about: string;
  /** Shown in this order, as tables. */
  readonly metrics: readonly Metric[];
  /** The target that the others are compared with. */
  readonly reference: string;
  readonly plot?: Plot;
  /** `quick`: part of `--quick` too; `all`: only with `--all` or by name, because it takes long. */
  readonly when: 'quick' | 'usual' | 'all';
  run(lab: Lab): Promise<CaseResult[]>;
}

/** `bars`: one bar a target for each case; `lines`: one line a target over the cases' `x`. */
export interface Plot {
  readonly kind: 'bars' | 'lines';
  readonly metric: Metric;
  /** Only these cases. */
  readonly cases?: readonly string[];
  /** What `x` is. */
  readonly xTitle?: string;
}
