/** What is measured, in the units of the results file. */
export interface MetricInfo {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /** Which way is good. */
  readonly better: 'higher' | 'lower';
  /** From the results file's unit to the one shown. */
  readonly scale: number;
}

export const METRICS = {
  rate: { title: 'calls', unit: 'calls/s', digits: 0, better: 'higher', scale: 1 },
  throughput: { title: 'message bytes', unit: 'MB/s', digits: 0, better: 'higher', scale: 1e-6 },
  p50: { title: 'latency, p50', unit: 'µs', digits: 0, better: 'lower', scale: 1 },
  p99: { title: 'latency, p99', unit: 'µs', digits: 0, better: 'lower', scale: 1 },
  p999: { title: 'latency, p99.9', unit: 'µs', digits: 0, better: 'lower', scale: 1 },
  cpuPerCall: { title: 'CPU time of the proxy', unit: 'µs/call', digits: 1, better: 'lower', scale: 1 },
  cpuPerMegabyte: { title: 'CPU time of the proxy', unit: 'µs/MB', digits: 0, better: 'lower', scale: 1 },
  peakMemory: { title: 'peak memory', unit: 'MiB', digits: 0, better: 'lower', scale: 2 ** -20 },
  memory: { title: 'resident memory', unit: 'MiB', digits: 0, better: 'lower', scale: 2 ** -20 },
  bytesPerConnection: { title: 'memory a connection', unit: 'KiB', digits: 1, better: 'lower', scale: 2 ** -10 },
  bytesPerStream: { title: 'memory a stream', unit: 'KiB', digits: 1, better: 'lower', scale: 2 ** -10 },
  p99Growth: { title: "other calls' p99 against before", unit: '×', digits: 2, better: 'lower', scale: 1 },
  memoryGrowth: { title: 'memory, last minute against minute 2', unit: '×', digits: 2, better: 'lower', scale: 1 },
} as const satisfies Record<string, MetricInfo>;

export type Metric = keyof typeof METRICS;

/** What one round of one target gave. */
export type Sample = Partial<Record<Metric, number>>;

/** All rounds of one target. */
export interface TargetResult {
  readonly target: string;
  readonly samples: readonly Sample[];
}

/** One thing that was measured, on several targets in turn. */
export interface CaseResult {
  readonly name: string;
  readonly targets: readonly TargetResult[];
  /** Where the case stands on an axis, for a plot. */
  readonly x?: number;
}

/** A scenario's outcome. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly cases: readonly CaseResult[];
}
