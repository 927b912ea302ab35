/**
 * Where the router's time goes: runs it with `--cpu-prof` under a load and prints, for each thread, the functions with the most
 * time of their own.
 *
 *     npm run build && node dist/bench/profile.js [SECONDS] [unary | one-at-a-time | affinity | active-active | bidi | tls]
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Lab } from './lab.js';
import { closed, type Measure, PLAIN, saturate, streams } from './measures.js';
import { format, markdown } from './report/tables.js';
import type { AfrouterOptions } from './targets/afrouter.js';
import { afrouter } from './targets/start.js';

const SHOWN = 25;
const EIGHT_BY_TWENTY = { connections: 8, streams: 20 };

/** The parts of a `.cpuprofile` that are used. Times are microseconds. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const [seconds = '10', load = 'unary'] = process.argv.slice(2);
const lab = new Lab({
  ...{ rounds: 1, seconds: Number(seconds), quick: false, check: false, soakMinutes: 1 },
  node: process.execPath,
});
const dir = mkdtempSync(join(tmpdir(), 'afrouter-profile-'));
try {
  await profile(load);
} finally {
  await lab.stopAll();
  lab.close();
}
for (const file of readdirSync(dir).sort()) process.stdout.write(`${summary(join(dir, file))}\n\n`);
process.stdout.write(`profiles: ${dir}\n`);

async function profile(load: string): Promise<void> {
  const { measure, options } = whatToRun(load);
  const place = load === 'tls' ? await lab.tlsPlace(2) : await lab.place(2);
  const nodeArgs = ['--cpu-prof', '--cpu-prof-dir', dir];
  const [target] = await lab.start(afrouter(lab, { ...options, nodeArgs }, place));
  await measure(target!, true);
  await measure(target!, false);
  // Profiles are written when the process ends by itself.
  await target!.process!.end();
}

function whatToRun(load: string): { measure: Measure; options: Partial<AfrouterOptions> } {
  switch (load) {
    case 'unary':
    case 'tls':
      return { measure: saturate(lab, EIGHT_BY_TWENTY), options: {} };
    case 'one-at-a-time':
      return { measure: saturate(lab, { connections: 1, streams: 1 }), options: {} };
    case 'affinity': {
      const shape = { ...PLAIN, keys: 100_000 };
      return { measure: closed(lab, EIGHT_BY_TWENTY, shape), options: { shape: 'affinity by field' } };
    }
    case 'active-active':
      return { measure: saturate(lab, EIGHT_BY_TWENTY), options: { shape: 'active_active' } };
    case 'bidi':
      return { measure: streams(lab, { connections: 4, streams: 4 }, 'Converse'), options: {} };
    default:
      throw new Error(`no load ${load}`);
  }
}

function summary(file: string): string {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  samples.forEach((id, i) => {
    const name = names.get(id)!;
    times.set(name, (times.get(name) ?? 0) + timeDeltas[i]!);
  });
  const idle = times.get('(idle)') ?? 0;
  times.delete('(idle)');
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0);
  const rows = [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, time]) => [name, `${format((time * 100) / busy, 1)} %`]);
  // Named CPU.date.time.process.thread.number.
  const thread = basename(file).split('.')[4];
  const title = `${thread === '0' ? 'main thread' : `thread ${thread}`}, busy ${format((busy * 100) / (busy + idle), 0)} %`;
  return markdown([title, 'of its busy time'], rows);
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  return `${name} ${url.replace(/^.*\/dist\//, '')}:${lineNumber + 1}`;
}
