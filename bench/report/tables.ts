import { type CaseResult, METRICS, type Metric, type ScenarioResult } from '../metrics.js';
import type { Scenario } from '../scenario.js';
import { median, ratio, spread, valuesOf } from '../stats.js';

/** Markdown tables of a scenario: one with a row a target, or, of several cases, one a metric with a row a case. */
export function tables(scenario: Scenario, { cases }: ScenarioResult): string {
  const listed = scenario.plot?.kind === 'lines' ? cases.filter(({ x }) => x === undefined) : [];
  const shown = listed.length > 0 ? listed : cases;
  if (shown.length === 1) return targetsTable(scenario, shown[0]!);
  return scenario.metrics
    .filter((metric) => shown.some((each) => has(each, metric)))
    .map((metric) => `${heading(metric)}\n\n${casesTable(scenario, shown, metric)}`)
    .join('\n\n');
}

function heading(metric: Metric): string {
  const { title, unit } = METRICS[metric];
  return `${title[0]!.toUpperCase()}${title.slice(1)}, ${unit}:`;
}

/** A row a target, a column a metric. */
export function targetsTable(scenario: Scenario, result: CaseResult): string {
  const metrics = scenario.metrics.filter((metric) => has(result, metric));
  const head = ['', ...metrics.map((metric) => `${METRICS[metric].title}, ${METRICS[metric].unit}`)];
  const rows = result.targets.map(({ target }) => [target, ...metrics.map((m) => cell(scenario, result, target, m))]);
  return markdown(head, rows);
}

function casesTable(scenario: Scenario, cases: readonly CaseResult[], metric: Metric): string {
  const names = cases[0]!.targets.map(({ target }) => target).filter((target) => measured(cases, target, metric));
  const rows = cases
    .filter((each) => has(each, metric))
    .map((each) => [each.name, ...names.map((target) => cell(scenario, each, target, metric))]);
  return markdown(['', ...names], rows);
}

function measured(cases: readonly CaseResult[], target: string, metric: Metric): boolean {
  return cases.some(({ targets }) => targets.some((t) => t.target === target && valuesOf(t, metric).length > 0));
}

function has({ targets }: CaseResult, metric: Metric): boolean {
  return targets.some((target) => valuesOf(target, metric).length > 0);
}

/** Median ± spread, and the ratio to the reference. */
function cell(scenario: Scenario, result: CaseResult, target: string, metric: Metric): string {
  const values = valuesOf(result.targets.find((each) => each.target === target)!, metric);
  if (values.length === 0) return '';
  const { digits, scale } = METRICS[metric];
  const figure = format(median(values) * scale, digits);
  const around = values.length > 1 ? ` ± ${(spread(values) * 100).toFixed(0)} %` : '';
  const against = target === scenario.reference ? undefined : ratio(result, target, scenario.reference, metric);
  return `${figure}${around}${against === undefined ? '' : ` (${against.toFixed(2)} ×)`}`;
}

/** With thin spaces between thousands. */
export function format(value: number, digits: number): string {
  const [whole, fraction] = value.toFixed(digits).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** A Markdown table. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map((_, i) => (i === 0 ? '---|' : '--:|')).join('')}`, ...rows.map(line)].join('\n');
}
