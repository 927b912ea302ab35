import { saturate } from '../measures.js';
import type { Scenario } from '../scenario.js';
import { afrouter } from '../targets/start.js';

export const SINGLE = 'single backend';
export const TWO_REPLICAS = 'active/active × 2';

export const activeActive: Scenario = {
  name: 'active-active',
  title: 'Active/active replicas',
  about:
    'Every unary call of 10 B goes to each of the replicas and is answered once; 8 connections × 20 streams. HAProxy and nginx do not do this.',
  metrics: ['rate', 'cpuPerCall', 'peakMemory'],
  reference: SINGLE,
  plot: { kind: 'bars', metric: 'rate' },
  when: 'quick',
  async run(lab) {
    const shape = 'active_active' as const;
    const targets = await lab.start(
      lab.place(1).then((place) => afrouter(lab, { name: SINGLE }, place)),
      lab.place(2).then((place) => afrouter(lab, { name: TWO_REPLICAS, shape }, place)),
      lab.place(3).then((place) => afrouter(lab, { name: 'active/active × 3', shape }, place)),
    );
    const result = await lab.rounds('10 B, 8 × 20', targets, saturate(lab, { connections: 8, streams: 20 }));
    return [result];
  },
};
