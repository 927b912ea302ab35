import { streams } from '../measures.js';
import type { CaseResult } from '../metrics.js';
import type { Scenario } from '../scenario.js';
import { afrouter, direct, grpcJs, haproxy, nginx } from '../targets/start.js';

export const BIDI_CASE = 'bidi';

export const messageStreams: Scenario = {
  name: 'streams',
  title: 'Streams of 10 KiB messages',
  about:
    '4 connections × 4 streams. Server stream: messages without end. Bidi: on each stream 8 messages are on their way there or back all the time. Bytes that come back.',
  metrics: ['throughput', 'cpuPerMegabyte', 'peakMemory'],
  reference: 'HAProxy',
  plot: { kind: 'bars', metric: 'throughput' },
  when: 'quick',
  async run(lab) {
    const targets = await lab.start(direct(lab), haproxy(lab), afrouter(lab), nginx(lab), grpcJs(lab));
    const cases: CaseResult[] = [];
    for (const [name, method] of [
      ['server stream', 'Produce'],
      [BIDI_CASE, 'Converse'],
    ] as const) {
      cases.push(await lab.rounds(name, targets, streams(lab, { connections: 4, streams: 4 }, method)));
    }
    return cases;
  },
};
