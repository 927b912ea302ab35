/**
 * `npm run fuzz -- --seconds N --seed S --target NAME`: feeds mutated recordings to whatever takes bytes from others.
 * Seconds are shared by the targets. Ends with 1 when something was found; its input is then in fuzz/regressions/.
 */
import { parseArgs } from 'node:util';
import { fuzz } from './campaign.js';
import { targets } from './targets.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    target: { type: 'string', multiple: true, default: [] },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const chosen = values.target.length === 0 ? targets : targets.filter(({ name }) => values.target.includes(name));
const known = targets.map(({ name }) => name).join(', ');
if (!(seconds > 0) || !Number.isInteger(seed) || chosen.length < values.target.length || chosen.length === 0) {
  console.error(`fuzz: --seconds is a number over 0, --seed an integer, --target one of ${known}`);
  process.exit(2);
}

let findings = 0;
for (const target of chosen) {
  const share = seconds / chosen.length;
  const result = await fuzz(target, share * 1000, seed);
  findings += result.findings.length;
  const rate = Math.round(result.executions / share);
  console.log(
    `${target.name.padEnd(8)} seed ${seed}: ${result.executions} inputs (${rate}/s), ` +
      `${result.interesting} of interest, ${result.findings.length} findings`,
  );
  for (const { stack, path } of result.findings) console.error(`  ${path}\n  ${stack.replaceAll('\n', '\n  ')}`);
}
process.exitCode = findings > 0 ? 1 : 0;
