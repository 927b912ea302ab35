import { saturate } from '../measures.js';
import type { CaseResult } from '../metrics.js';
import type { Scenario } from '../scenario.js';
import { afrouter, haproxy, nginx } from '../targets/start.js';

function scaling(
  name: string,
  what: string,
  about: string,
  steps: readonly { readonly connections: number; readonly streams: number }[],
  x: 'connections' | 'streams',
): Scenario {
  return {
    name,
    title: `How it grows with ${what}`,
    about,
    metrics: ['rate', 'cpuPerCall'],
    reference: 'HAProxy',
    plot: { kind: 'lines', metric: 'rate', xTitle: what },
    when: 'usual',
    async run(lab) {
      const targets = await lab.start(haproxy(lab), afrouter(lab), nginx(lab));
      const cases: CaseResult[] = [];
      for (const step of steps) {
        const result = await lab.rounds(`${step.connections} × ${step.streams}`, targets, saturate(lab, step));
        cases.push({ ...result, x: step[x] });
      }
      return cases;
    },
  };
}

export const scalingConnections = scaling(
  'scaling-connections',
  'connections',
  'Unary calls of 10 B, 4 in flight on each connection.',
  [1, 4, 16, 64, 256].map((connections) => ({ connections, streams: 4 })),
  'connections',
);

export const scalingStreams = scaling(
  'scaling-streams',
  'calls in flight',
  'Unary calls of 10 B on 8 connections, with more and more in flight on each.',
  [1, 4, 16, 50, 100].map((streams) => ({ connections: 8, streams })),
  'streams',
);
