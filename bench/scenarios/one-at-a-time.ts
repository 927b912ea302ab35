import { saturateTimed } from '../measures.js';
import type { Scenario } from '../scenario.js';
import { afrouter, direct, grpcJs, haproxy, nginx } from '../targets/start.js';

export const oneAtATime: Scenario = {
  name: 'one-at-a-time',
  title: 'One call at a time',
  about:
    'A single client that makes its next call when it has the answer: what a call costs in time where nobody queues.',
  metrics: ['p50', 'p99', 'cpuPerCall'],
  reference: 'HAProxy',
  plot: { kind: 'bars', metric: 'p50' },
  when: 'quick',
  async run(lab) {
    const targets = await lab.start(direct(lab), haproxy(lab), afrouter(lab), nginx(lab), grpcJs(lab));
    const result = await lab.rounds('1 × 1', targets, saturateTimed(lab, { connections: 1, streams: 1 }));
    return [result];
  },
};
