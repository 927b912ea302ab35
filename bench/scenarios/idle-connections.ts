import { holdLoad } from '../load/run-load.js';
import { seconds } from '../load/timing.js';
import { towards } from '../measures.js';
import type { Scenario } from '../scenario.js';
import { afrouter, haproxy, nginx } from '../targets/start.js';

const CONNECTIONS = 10_000;

export const idleConnections: Scenario = {
  name: 'idle-connections',
  title: 'Idle connections',
  about: `${CONNECTIONS} client connections that have made one call each: resident memory beyond that of the process before.`,
  metrics: ['bytesPerConnection', 'peakMemory'],
  reference: 'HAProxy',
  when: 'usual',
  async run(lab) {
    // A process that has held connections keeps some of their memory: each round needs a new one.
    const rounds = Math.min(lab.options.rounds, 3);
    const samples = new Map<string, { bytesPerConnection: number; peakMemory: number }[]>();
    for (let round = 1; round <= rounds; round++) {
      const targets = await lab.start(haproxy(lab), afrouter(lab), nginx(lab));
      for (const target of targets) {
        lab.progress(`idle connections: round ${round} of ${rounds}, ${target.name}`);
        const process = target.process!;
        const before = process.residentBytes;
        const load = await holdLoad({ kind: 'idle', ...towards(target), connections: CONNECTIONS });
        await seconds(1);
        const bytesPerConnection = (process.residentBytes - before) / CONNECTIONS;
        const list = samples.get(target.name) ?? [];
        samples.set(target.name, [...list, { bytesPerConnection, peakMemory: process.peakBytes }]);
        await load.end();
      }
      await lab.stop(targets);
    }
    const targets = [...samples].map(([target, list]) => ({ target, samples: list }));
    return [{ name: `${CONNECTIONS} connections`, targets }];
  },
};
