import type { CaseResult, Metric, ScenarioResult } from './metrics.js';
import { activeActive, SINGLE, TWO_REPLICAS } from './scenarios/active-active.js';
import { affinity, BY_FIELD, STICKY } from './scenarios/affinity.js';
import { headerHeavy, INDEXED_CASE } from './scenarios/header-heavy.js';
import { idleConnections } from './scenarios/idle-connections.js';
import { newestNode, ON_NEWEST } from './scenarios/newest-node.js';
import { oneAtATime } from './scenarios/one-at-a-time.js';
import { openLoop } from './scenarios/open-loop.js';
import { slowStreams } from './scenarios/slow-streams.js';
import { SOAK_TOTAL, soak } from './scenarios/soak.js';
import { BIDI_CASE, messageStreams } from './scenarios/streams.js';
import { MAIN_CASE, unary } from './scenarios/unary.js';
import { median, ratio, valuesOf } from './stats.js';

/** What a release must reach. */
export interface Bar {
  readonly title: string;
  readonly scenario: string;
  /** Undefined where the scenario has one case. */
  readonly case?: string;
  readonly metric: Metric;
  readonly target: string;
  /** The figure is a ratio to this target's; the metric itself without. */
  readonly against?: string;
  readonly bound: 'at least' | 'at most';
  readonly wanted: number;
  /** Shown after the figures. */
  readonly unit: string;
  /** What `wanted` has to be multiplied by to be in the unit of the metric. */
  readonly scale?: number;
}

const AGAINST_HAPROXY = { target: 'afrouter', against: 'HAProxy', unit: '×' } as const;

export const BARS: readonly Bar[] = [
  {
    title: 'unary 10 B, 8 × 20, calls/s against HAProxy',
    ...AGAINST_HAPROXY,
    scenario: unary.name,
    case: MAIN_CASE,
    metric: 'rate',
    bound: 'at least',
    wanted: 1,
  },
  {
    title: 'the same on the newest Node',
    ...AGAINST_HAPROXY,
    target: ON_NEWEST,
    scenario: newestNode.name,
    metric: 'rate',
    bound: 'at least',
    wanted: 1.15,
  },
  {
    title: 'CPU a call against HAProxy',
    ...AGAINST_HAPROXY,
    scenario: unary.name,
    case: MAIN_CASE,
    metric: 'cpuPerCall',
    bound: 'at most',
    wanted: 1.2,
  },
  {
    title: 'affinity by field, 100 000 keys, calls/s against our round robin',
    scenario: affinity.name,
    metric: 'rate',
    target: BY_FIELD,
    against: 'afrouter',
    bound: 'at least',
    wanted: 0.9,
    unit: '×',
  },
  {
    title: 'affinity by field, 100 000 keys, calls/s against HAProxy doing the same',
    scenario: affinity.name,
    metric: 'rate',
    target: BY_FIELD,
    against: STICKY,
    bound: 'at least',
    wanted: 1,
    unit: '×',
  },
  {
    title: 'active/active × 2, calls/s against our single backend',
    scenario: activeActive.name,
    metric: 'rate',
    target: TWO_REPLICAS,
    against: SINGLE,
    bound: 'at least',
    wanted: 0.6,
    unit: '×',
  },
  {
    title: 'one call at a time, p50 against HAProxy',
    ...AGAINST_HAPROXY,
    scenario: oneAtATime.name,
    metric: 'p50',
    bound: 'at most',
    wanted: 1.5,
  },
  {
    title: 'half of saturation, open loop, p99 against HAProxy',
    ...AGAINST_HAPROXY,
    scenario: openLoop.name,
    metric: 'p99',
    bound: 'at most',
    wanted: 1.5,
  },
  {
    title: 'bidi streams of 10 KiB messages, bytes/s against HAProxy',
    ...AGAINST_HAPROXY,
    scenario: messageStreams.name,
    case: BIDI_CASE,
    metric: 'throughput',
    bound: 'at least',
    wanted: 0.8,
  },
  {
    title: 'much metadata, calls/s against HAProxy',
    ...AGAINST_HAPROXY,
    scenario: headerHeavy.name,
    case: INDEXED_CASE,
    metric: 'rate',
    bound: 'at least',
    wanted: 0.7,
  },
  {
    title: 'memory of an idle connection',
    scenario: idleConnections.name,
    metric: 'bytesPerConnection',
    target: 'afrouter',
    bound: 'at most',
    wanted: 20,
    unit: 'KiB',
    scale: 1024,
  },
  {
    title: 'memory of a stream that nobody reads',
    scenario: slowStreams.name,
    metric: 'bytesPerStream',
    target: 'afrouter',
    bound: 'at most',
    wanted: 96,
    unit: 'KiB',
    scale: 1024,
  },
  {
    title: "other calls' p99 meanwhile against before",
    scenario: slowStreams.name,
    metric: 'p99Growth',
    target: 'afrouter',
    bound: 'at most',
    wanted: 2,
    unit: '×',
  },
  {
    title: 'soak, memory in the last minute against minute 2',
    scenario: soak.name,
    case: SOAK_TOTAL,
    metric: 'memoryGrowth',
    target: 'afrouter',
    bound: 'at most',
    wanted: 1.1,
    unit: '×',
  },
];

/** A bar and what was reached; undefined where it was not measured. */
export interface Reached {
  readonly bar: Bar;
  /** In the bar's unit. */
  readonly value: number | undefined;
  readonly ok: boolean | undefined;
}

/** How the results stand to the bars. */
export function compareWithBars(results: readonly ScenarioResult[], bars: readonly Bar[] = BARS): Reached[] {
  return bars.map((bar) => {
    const value = reached(bar, results);
    if (value === undefined || Number.isNaN(value)) return { bar, value: undefined, ok: undefined };
    return { bar, value, ok: bar.bound === 'at least' ? value >= bar.wanted : value <= bar.wanted };
  });
}

function reached(bar: Bar, results: readonly ScenarioResult[]): number | undefined {
  const cases = results.find(({ scenario }) => scenario === bar.scenario)?.cases ?? [];
  const result: CaseResult | undefined =
    bar.case === undefined ? cases[0] : cases.find(({ name }) => name === bar.case);
  if (result === undefined) return undefined;
  if (bar.against !== undefined) return ratio(result, bar.target, bar.against, bar.metric);
  const target = result.targets.find((each) => each.target === bar.target);
  return target && median(valuesOf(target, bar.metric)) / (bar.scale ?? 1);
}
