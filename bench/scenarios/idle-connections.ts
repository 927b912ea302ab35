import { holdLoad } from '../load/run-load.js';
import { seconds } from '../load/timing.js';
import { towards } from '../measures.js';
import type { Scenario } from '../scenario.js';
import { afrouter, haproxy, nginx } from '../targets/start.js';

const CONNECTIONS = 10_000;
/** Until memory is looked at. */
const SETTLE_SECONDS = 1;

export const idleConnections: Scenario = {
  name: 'idle-connections',
  title: 'Idle connections',
  about: `${CONNECTIONS} client connections that have made one call each: resident memory beyond that of the process before.`,
  metrics: ['bytesPerConnection', 'peakMemory'],
  reference: 'HAProxy',
  when: 'usual',
  async run(lab) {
    const name = `${CONNECTIONS} connections`;
    const start = () => lab.start(haproxy(lab), afrouter(lab), nginx(lab));
    const result = await lab.freshRounds(name, start, async (target, process) => {
      const before = process.residentBytes;
      const load = await holdLoad({ kind: 'idle', ...towards(target), connections: CONNECTIONS });
      await seconds(SETTLE_SECONDS);
      const bytesPerConnection = (process.residentBytes - before) / CONNECTIONS;
      await load.end();
      return { bytesPerConnection };
    });
    return [result];
  },
};
