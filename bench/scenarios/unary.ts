import { saturate } from '../measures.js';
import type { CaseResult } from '../metrics.js';
import type { Scenario } from '../scenario.js';
import { afrouter, direct, grpcJs, haproxy, nginx } from '../targets/start.js';

const SIZES = [
  { title: '10 B', bytes: 10 },
  { title: '1 KiB', bytes: 1024 },
  { title: '64 KiB', bytes: 65_536 },
];
const STREAMS = 20;

/** The case that most others are compared by. */
export const MAIN_CASE = '10 B, 8 × 20';

export const unary: Scenario = {
  name: 'unary',
  title: 'Unary calls',
  about: `Round robin over two backends; messages of 10 B, 1 KiB and 64 KiB there and back, on 1, 8 and 64 connections with ${STREAMS} calls in flight on each.`,
  metrics: ['rate', 'cpuPerCall', 'peakMemory'],
  reference: 'HAProxy',
  plot: { kind: 'bars', metric: 'rate', cases: [MAIN_CASE, '1 KiB, 8 × 20'] },
  when: 'quick',
  async run(lab) {
    const targets = await lab.start(direct(lab), haproxy(lab), afrouter(lab), nginx(lab), grpcJs(lab));
    const cases: CaseResult[] = [];
    for (const { title, bytes } of SIZES) {
      for (const connections of [1, 8, 64]) {
        const name = `${title}, ${connections} × ${STREAMS}`;
        if ((lab.options.quick || lab.options.check) && name !== MAIN_CASE) continue;
        cases.push(await lab.rounds(name, targets, saturate(lab, { connections, streams: STREAMS }, bytes)));
      }
    }
    return cases;
  },
};
