import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareWithBars, type Reached } from '../bars.js';
import type { ScenarioResult } from '../metrics.js';
import type { Scenario } from '../scenario.js';
import { barPlot } from './bar-plot.js';
import { linePlot } from './line-plot.js';
import type { Machine } from './machine.js';
import { format, markdown, tables } from './tables.js';

/** Writes report.md, a plot for each scenario that has one, and results.json with every round. */
export function writeReport(
  dir: string,
  machine: Machine,
  scenarios: readonly Scenario[],
  results: readonly ScenarioResult[],
): void {
  mkdirSync(dir, { recursive: true });
  const sections = results.map((result) => {
    const scenario = scenarios.find(({ name }) => name === result.scenario)!;
    return section(dir, scenario, result);
  });
  const bars = barsTable(compareWithBars(results).filter(({ value }) => value !== undefined));
  const parts = ['# Measured', machineLine(machine), bars, ...sections];
  writeFileSync(join(dir, 'report.md'), `${parts.filter((part) => part !== '').join('\n\n')}\n`);
  writeFileSync(join(dir, 'results.json'), `${JSON.stringify({ machine, results }, null, 1)}\n`);
}

/** What the figures belong to, and how to read them. */
export function machineLine(machine: Machine): string {
  const { cores, cpu, memoryGiB, system, versions, date, command } = machine;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `\`${command}\` on ${date.slice(0, 10)}: ${cores} cores (${cpu}), ${memoryGiB} GiB, ${system}, ${programs.join(', ')}.`,
    'Clients, proxy and backends share these cores. Figures are medians of interleaved rounds; ± is half of what lies between',
    "the extremes; × is the median of the rounds' own ratios to the reference. CPU time is user and system, of all threads.",
  ].join('\n');
}

/** Bars with what was reached. */
export function barsTable(reached: readonly Reached[]): string {
  if (reached.length === 0) return '';
  const rows = reached.map(({ bar, value, ok }) => [
    bar.title,
    `${bar.bound === 'at least' ? '≥' : '≤'} ${bar.wanted} ${bar.unit}`,
    value === undefined ? 'not measured' : `${format(value, 2)} ${bar.unit}`,
    ok === undefined ? '' : ok ? 'yes' : '**no**',
  ]);
  return markdown(['', 'wanted', 'reached', 'ok'], rows);
}

function section(dir: string, scenario: Scenario, result: ScenarioResult): string {
  const parts = [`## ${scenario.title}`, scenario.about];
  if (result.cases.length === 0) return [...parts, 'Not measured on this machine.'].join('\n\n');
  const plot = plotOf(scenario, result);
  if (plot !== undefined) {
    const file = `${scenario.name}.svg`;
    writeFileSync(join(dir, file), plot);
    parts.push(`![${scenario.title}](${file})`);
  }
  return [...parts, tables(scenario, result)].join('\n\n');
}

function plotOf({ plot, title }: Scenario, { cases }: ScenarioResult): string | undefined {
  if (plot === undefined) return undefined;
  const shown = plot.cases === undefined ? cases : cases.filter(({ name }) => plot.cases!.includes(name));
  return plot.kind === 'bars'
    ? barPlot(title, shown, plot.metric)
    : linePlot(title, shown, plot.metric, plot.xTitle ?? '');
}
