import type { Lab } from '../lab.js';
import { holdLoad, runLoad } from '../load/run-load.js';
import type { LoadSpec } from '../load/spec.js';
import { seconds } from '../load/timing.js';
import { towards } from '../measures.js';
import type { CaseResult, Sample } from '../metrics.js';
import type { Scenario } from '../scenario.js';
import { median } from '../stats.js';
import { afrouter } from '../targets/start.js';
import type { Target } from '../targets/target.js';

const SAMPLE_SECONDS = 5;
/** How long clients that do not read stay. */
const STAY_SECONDS = 5;

export const SOAK_TOTAL = 'the whole time';

export const soak: Scenario = {
  name: 'soak',
  title: 'Soak',
  about:
    'Everything at once for minutes: keyed calls on connections that come and go, calls with much metadata, message streams, clients that open streams and go away without having read them, calls at a fixed rate. The router must not grow.',
  metrics: ['memoryGrowth', 'peakMemory'],
  reference: 'afrouter',
  plot: { kind: 'lines', metric: 'memory', xTitle: 'minutes' },
  when: 'all',
  async run(lab) {
    const targets = await lab.start(afrouter(lab, { shape: 'affinity by field' }));
    const target = targets[0]!;
    const time = lab.options.soakMinutes * 60;
    const loads = Promise.all([...mix(target, time).map(runLoad), comeAndGo(target, time)]);
    const memory = await watch(lab, target, time, loads);
    await loads;
    return [...memory.map((bytes, i) => point(i, { memory: bytes })), total(memory)];
  },
};

/** What goes on at once. */
function mix(target: Target, seconds: number): LoadSpec[] {
  const common = { ...towards(target), warmUpSeconds: 1, seconds: seconds - 1 };
  const shape = { bytes: 10, keys: 100_000, metadata: 'plain' } as const;
  return [
    { kind: 'closed', ...common, connections: 4, streams: 2, shape, callsPerConnection: 500 },
    { kind: 'closed', ...common, connections: 2, streams: 2, shape: { ...shape, metadata: 'heavy, indexed' } },
    { kind: 'closed', ...common, connections: 2, streams: 1, shape: { ...shape, bytes: 65_536, keys: 100 } },
    { kind: 'open', ...common, connections: 2, shape, callsPerSecond: 500 },
    { kind: 'streaming', ...common, connections: 1, streams: 2, method: 'Converse' },
  ];
}

/** Clients that open streams, read next to nothing, and are gone. */
async function comeAndGo(target: Target, time: number): Promise<void> {
  const end = performance.now() + (time - STAY_SECONDS - 2) * 1000;
  while (performance.now() < end) {
    const load = await holdLoad({ kind: 'stalled', ...towards(target), connections: 5, streams: 10 });
    await seconds(STAY_SECONDS);
    await load.end();
  }
}

/** Resident bytes of the router, every few seconds. @throws Error (rejects) as soon as a load fails */
async function watch(lab: Lab, target: Target, time: number, loads: Promise<unknown>): Promise<number[]> {
  const memory: number[] = [];
  let failed: unknown;
  loads.catch((error) => {
    failed = error;
  });
  for (let passed = SAMPLE_SECONDS; passed <= time; passed += SAMPLE_SECONDS) {
    await seconds(SAMPLE_SECONDS);
    if (failed !== undefined) throw failed;
    memory.push(target.process!.residentBytes);
    lab.progress(`soak: ${passed} of ${time} s, ${(memory.at(-1)! / 2 ** 20).toFixed(0)} MiB`);
  }
  return memory;
}

function point(i: number, sample: Sample): CaseResult {
  const minutes = ((i + 1) * SAMPLE_SECONDS) / 60;
  return { name: `${minutes.toFixed(2)} min`, x: minutes, targets: [{ target: 'afrouter', samples: [sample] }] };
}

/** The last minute against the second one, or the last quarter against the second where it is shorter than that. */
function total(memory: readonly number[]): CaseResult {
  const minute = Math.min(60 / SAMPLE_SECONDS, memory.length >> 2);
  const memoryGrowth = median(memory.slice(-minute)) / median(memory.slice(minute, 2 * minute));
  const sample = { memoryGrowth, peakMemory: Math.max(...memory) };
  return { name: SOAK_TOTAL, targets: [{ target: 'afrouter', samples: [sample] }] };
}
