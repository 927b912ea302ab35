import type { Lab } from '../lab.js';
import { type HeldLoad, holdLoad, runLoad } from '../load/run-load.js';
import { seconds } from '../load/timing.js';
import { latencySample, PLAIN, towards } from '../measures.js';
import type { Sample } from '../metrics.js';
import type { BenchProcess } from '../process.js';
import type { Scenario } from '../scenario.js';
import { afrouter, haproxy } from '../targets/start.js';
import type { Target } from '../targets/target.js';

/** 100 streams on each: what HAProxy allows on a connection. */
const CONNECTIONS = 50;
const STREAMS = 100;
/** Until memory is looked at. */
const SETTLE_SECONDS = 1;
/** Of the calls that must not notice. */
const CALLS_PER_SECOND = 2000;

export const slowStreams: Scenario = {
  name: 'slow-streams',
  title: 'Streams that nobody reads',
  about: `${CONNECTIONS * STREAMS} server streams without end whose clients take one window and then nothing. Resident memory for each, and the p99 of other calls (${CALLS_PER_SECOND}/s, open loop) against what it was before. HAProxy has no figures where such streams have stopped the others on their connection, which happens there.`,
  metrics: ['bytesPerStream', 'p99Growth', 'p99', 'peakMemory'],
  reference: 'HAProxy',
  when: 'usual',
  async run(lab) {
    const start = () => lab.start(haproxy(lab, { reuse: 'safe' }), afrouter(lab));
    const name = `${CONNECTIONS * STREAMS} streams`;
    return [await lab.freshRounds(name, start, (target, process) => measure(lab, target, process))];
  },
};

async function measure(lab: Lab, target: Target, process: BenchProcess): Promise<Sample | undefined> {
  // The first ones are the compiler's.
  await others(lab, target);
  const before = await others(lab, target);
  const resident = process.residentBytes;
  const load = await stand(lab, target);
  if (load === undefined) return undefined;
  await seconds(SETTLE_SECONDS);
  const bytesPerStream = (process.residentBytes - resident) / (CONNECTIONS * STREAMS);
  const meanwhile = await others(lab, target);
  await load.end();
  return { bytesPerStream, p99Growth: meanwhile.p99! / before.p99!, p99: meanwhile.p99! };
}

/** Undefined where the streams do not come to stand. That is a figure, too, but of ours it is a failure. */
async function stand(lab: Lab, target: Target): Promise<HeldLoad | undefined> {
  try {
    return await holdLoad({ kind: 'stalled', ...towards(target), connections: CONNECTIONS, streams: STREAMS });
  } catch (error) {
    if (target.name === 'afrouter') throw error;
    lab.say(`${target.name}: not all streams came to stand, left out`);
    return undefined;
  }
}

async function others(lab: Lab, target: Target): Promise<Sample> {
  const spec = { kind: 'open', ...towards(target), connections: 4, shape: PLAIN } as const;
  const time = { callsPerSecond: CALLS_PER_SECOND, warmUpSeconds: 0.5, seconds: lab.options.seconds };
  return latencySample(await runLoad({ ...spec, ...time }));
}
