import { closed, open, PLAIN } from '../measures.js';
import type { Scenario } from '../scenario.js';
import { median, valuesOf } from '../stats.js';
import { afrouter, direct, haproxy } from '../targets/start.js';

const CONNECTIONS = 8;
const STREAMS = 20;

export const openLoop: Scenario = {
  name: 'open-loop',
  title: 'Latency at half of saturation',
  about:
    'Calls begin at a fixed rate, half of what the slower of HAProxy and afrouter takes from the same generator; latency counts from when a call was meant to begin.',
  metrics: ['p50', 'p99', 'p999', 'rate', 'cpuPerCall'],
  reference: 'HAProxy',
  plot: { kind: 'bars', metric: 'p99' },
  when: 'quick',
  async run(lab) {
    const targets = await lab.start(direct(lab), haproxy(lab), afrouter(lab));
    const proxies = targets.filter(({ process }) => process !== undefined);
    const full = closed(lab, { connections: CONNECTIONS, streams: STREAMS }, PLAIN);
    const saturation = await lab.rounds('finding saturation', proxies, full, 1);
    const slowest = Math.min(...saturation.targets.map((target) => median(valuesOf(target, 'rate'))));
    const rate = Math.round(slowest / 2 / 100) * 100;
    const result = await lab.rounds(`${rate} calls/s`, targets, open(lab, CONNECTIONS, rate));
    return [{ ...result, name: 'half of saturation' }];
  },
};
