import { closed, PLAIN } from '../measures.js';
import type { CaseResult } from '../metrics.js';
import type { Scenario } from '../scenario.js';
import { afrouter, grpcJs, haproxy, nginx } from '../targets/start.js';

/** As grpc-go writes headers. */
export const INDEXED_CASE = 'ids indexed';

export const headerHeavy: Scenario = {
  name: 'header-heavy',
  title: 'Calls with much metadata',
  about:
    'Unary calls of 10 B with 20 more metadata fields, 8 connections × 20 streams. Two fields are tracing ids that change with each call: sent as literals, or put into the dynamic table, where they push others out, as grpc-go does.',
  metrics: ['rate', 'cpuPerCall'],
  reference: 'HAProxy',
  when: 'quick',
  async run(lab) {
    const targets = await lab.start(haproxy(lab), afrouter(lab), nginx(lab), grpcJs(lab));
    const cases: CaseResult[] = [];
    for (const [name, metadata] of [
      ['ids literal', 'heavy'],
      [INDEXED_CASE, 'heavy, indexed'],
    ] as const) {
      if ((lab.options.quick || lab.options.check) && name !== INDEXED_CASE) continue;
      cases.push(await lab.rounds(name, targets, closed(lab, { connections: 8, streams: 20 }, { ...PLAIN, metadata })));
    }
    return cases;
  },
};
