import { availableParallelism } from 'node:os';
import { saturate } from '../measures.js';
import type { Scenario } from '../scenario.js';
import { afrouter } from '../targets/start.js';

const WORKERS = [1, 2, 4];
const CONCURRENCY = { connections: 8, streams: 20 };

export const workers: Scenario = {
  name: 'workers',
  title: 'How it grows with workers',
  about:
    'Unary calls of 10 B, 8 connections × 20 streams, over four backends; no more workers than the machine has cores.',
  metrics: ['rate', 'cpuPerCall', 'peakMemory'],
  reference: '1 worker',
  plot: { kind: 'bars', metric: 'rate' },
  when: 'usual',
  async run(lab) {
    const counts = WORKERS.filter((count) => count <= availableParallelism());
    const targets = await lab.start(
      ...counts.map(async (count) =>
        afrouter(
          lab,
          { name: count === 1 ? '1 worker' : `${count} workers`, env: { AFROUTER_WORKERS: String(count) } },
          await lab.place(4),
        ),
      ),
    );
    const result = await lab.rounds('10 B, 8 × 20', targets, saturate(lab, CONCURRENCY));
    return [result];
  },
};
