import { readFileSync, writeFileSync } from 'node:fs';
import { compareWithBars } from '../bars.js';
import type { ScenarioResult } from '../metrics.js';
import { MAIN_CASE, unary } from '../scenarios/unary.js';
import type { Machine } from './machine.js';
import { barsTable, machineLine } from './report.js';
import { targetsTable } from './tables.js';

const BEGIN = '<!-- what follows is written by `npm run bench -- --all` -->';
const END = '<!-- up to here -->';

/** Puts what was measured into the performance section of the README. @throws Error when its two marks are not there */
export function updateReadme(file: string, machine: Machine, results: readonly ScenarioResult[]): void {
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} has no place for figures: ${BEGIN} … ${END}`);
  const section = `${text.slice(0, begin)}${BEGIN}\n\n${figures(machine, results)}\n\n`;
  writeFileSync(file, section + text.slice(end));
}

function figures(machine: Machine, results: readonly ScenarioResult[]): string {
  const parts = [machineLine(machine)];
  const main = results.find(({ scenario }) => scenario === unary.name)?.cases.find(({ name }) => name === MAIN_CASE);
  if (main !== undefined) {
    parts.push(
      'Unary calls of 10 B, 8 connections × 20 streams, round robin over two backends:',
      targetsTable(unary, main),
      '![Unary calls](bench/results/unary.svg)',
    );
  }
  const reached = compareWithBars(results).filter(({ value }) => value !== undefined);
  parts.push('What each release has to reach, and what this one did:', barsTable(reached));
  return parts.join('\n\n');
}
