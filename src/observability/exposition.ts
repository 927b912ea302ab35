import { Counter, collectDefaultMetrics, Gauge, type Histogram, Registry } from 'prom-client';
import { LATENCY_BOUNDS_MS, type LatencyHistogram } from './latency-histogram.js';
import { type Labels, METRIC_PREFIX, type MetricDefinition } from './metrics.js';

/**
 * One picture of all metrics as text for Prometheus. What is counted lies in plain objects elsewhere; at each scrape it is written
 * in here: `begin`, `add` for each series, `text`.
 */
export class Exposition {
  private readonly registry = new Registry();
  private readonly metrics = new Map<string, Counter | Gauge | DurationHistogram>();

  constructor(definitions: readonly MetricDefinition[]) {
    for (const definition of definitions) this.metrics.set(definition.name, this.create(definition));
    // The process and the main thread's heap and garbage collector, as prom-client knows them.
    collectDefaultMetrics({ register: this.registry, prefix: METRIC_PREFIX });
    // Of the main thread only, and 10 ms too long (its sampling interval is not taken off): ours is for every thread.
    for (const { name } of this.registry.getMetricsAsArray()) {
      if (name.startsWith(`${METRIC_PREFIX}nodejs_eventloop_lag`)) this.registry.removeSingleMetric(name);
    }
  }

  private create({ type, name, help, labels }: MetricDefinition): Counter | Gauge | DurationHistogram {
    if (type === 'histogram') {
      const durations = new DurationHistogram(name, help);
      this.registry.registerMetric(durations as unknown as Histogram);
      return durations;
    }
    const configuration = { name, help, labelNames: [...labels], registers: [this.registry] };
    return type === 'counter' ? new Counter(configuration) : new Gauge(configuration);
  }

  /** Forgets the last picture. */
  begin(): void {
    for (const metric of this.metrics.values()) metric.reset();
  }

  /** Adds to a series: two things that have the same labels are one to Prometheus. */
  add<const L extends readonly string[]>(definition: MetricDefinition<L>, values: Labels<L>, value: number): void {
    (this.metrics.get(definition.name) as Counter | Gauge).inc(labelsOf(definition, values), value);
  }

  addDurations<const L extends readonly string[]>(
    definition: MetricDefinition<L>,
    values: Labels<L>,
    durations: LatencyHistogram,
  ): void {
    (this.metrics.get(definition.name) as DurationHistogram).add(labelsOf(definition, values), durations);
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}

type LabelMap = Record<string, string>;

function labelsOf<L extends readonly string[]>(definition: MetricDefinition<L>, values: Labels<L>): LabelMap {
  return Object.fromEntries(definition.labels.map((label, i) => [label, values[i]!]));
}

interface DurationValue {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * A histogram as the registry of prom-client asks for one, whose counts are made elsewhere: prom-client's own can only be
 * observed, value by value. Seconds outside, ms inside.
 */
class DurationHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  private rows: { readonly labels: LabelMap; readonly durations: LatencyHistogram }[] = [];

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  reset(): void {
    this.rows = [];
  }

  add(labels: LabelMap, durations: LatencyHistogram): void {
    this.rows.push({ labels, durations });
  }

  /** Called by the registry. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.rows.flatMap((row) => this.values(row.labels, row.durations)) };
  }

  private values(labels: LabelMap, { counts, sumMs }: LatencyHistogram): DurationValue[] {
    const metricName = `${this.name}_bucket`;
    const values: DurationValue[] = [];
    let count = 0;
    // Prometheus' buckets hold everything up to their bound, those before them too.
    counts.forEach((n, i) => {
      count += n;
      const bound = LATENCY_BOUNDS_MS[i];
      values.push({ metricName, labels: { ...labels, le: bound === undefined ? '+Inf' : bound / 1000 }, value: count });
    });
    values.push({ metricName: `${this.name}_sum`, labels, value: sumMs / 1000 });
    values.push({ metricName: `${this.name}_count`, labels, value: count });
    return values;
  }
}
