/**
 * `npm run bench`: measures afrouter beside what would be used instead, and writes a report. See docs/performance.md.
 */
import { fileURLToPath } from 'node:url';
import { BARS, compareWithBars } from './bars.js';
import { Lab } from './lab.js';
import type { ScenarioResult } from './metrics.js';
import { HELP, type Options, parseOptions } from './options.js';
import { describeMachine } from './report/machine.js';
import { updateReadme } from './report/readme.js';
import { barsTable, writeReport } from './report/report.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/catalogue.js';

/** Seen from dist/bench: what is kept, and what a run of only some scenarios leaves. */
const KEPT = fileURLToPath(new URL('../../bench/results', import.meta.url));
const LEFT = fileURLToPath(new URL('./results', import.meta.url));
const README = fileURLToPath(new URL('../../README.md', import.meta.url));

const options = parseOptions(process.argv.slice(2));
if (options.help) process.stdout.write(HELP);
else if (options.list)
  process.stdout.write(SCENARIOS.map(({ name, title }) => `${name.padEnd(22)}${title}\n`).join(''));
else process.exitCode = await bench(options);

/** Returns the exit code. */
async function bench(options: Options): Promise<number> {
  const lab = new Lab(options);
  process.once('SIGINT', () => abandon(lab, 130));
  process.once('SIGTERM', () => abandon(lab, 143));
  const results: ScenarioResult[] = [];
  let failed = false;
  for (const scenario of choose(options)) {
    try {
      results.push({ scenario: scenario.name, cases: await scenario.run(lab) });
    } catch (error) {
      // What the others measured is worth keeping.
      failed = true;
      lab.say(`${scenario.name} failed: ${error instanceof Error ? error.stack : error}`);
    }
    await lab.stopAll();
  }
  lab.close();
  const partial = options.quick || options.check || options.scenarios.length > 0;
  const dir = options.out ?? (partial ? LEFT : KEPT);
  const machine = await describeMachine(['npm run bench --', ...process.argv.slice(2)].join(' ').replace(/ --$/, ''));
  writeReport(dir, machine, SCENARIOS, results);
  if (dir === KEPT) updateReadme(README, machine, results);
  lab.say(`written: ${dir}/report.md`);
  if (!options.check) return failed ? 1 : 0;
  const reached = compareWithBars(results);
  process.stdout.write(`${barsTable(reached)}\n`);
  return !failed && reached.every(({ ok }) => ok !== false) ? 0 : 1;
}

function choose({ scenarios, all, quick, check }: Options): Scenario[] {
  if (scenarios.length > 0) return SCENARIOS.filter(({ name }) => scenarios.includes(name));
  if (check) return SCENARIOS.filter(({ name }) => BARS.some((bar) => bar.scenario === name));
  return SCENARIOS.filter(({ when }) => (quick ? when === 'quick' : all || when !== 'all'));
}

function abandon(lab: Lab, code: number): void {
  void lab.stopAll().finally(() => {
    lab.close();
    process.exit(code);
  });
}
