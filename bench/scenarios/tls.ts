import { closed, PLAIN, streams } from '../measures.js';
import type { Scenario } from '../scenario.js';
import { afrouter, haproxy } from '../targets/start.js';

export const tls: Scenario = {
  name: 'tls',
  title: 'TLS on both sides',
  about:
    'What clients and backends speak is TLS 1.3, the backends’ certificates are verified. Unary calls of 10 B, 8 connections × 20 streams, by our own generator; and bidi streams of 10 KiB messages, 4 connections × 4 streams.',
  metrics: ['rate', 'throughput', 'cpuPerCall', 'cpuPerMegabyte'],
  reference: 'HAProxy, TLS',
  when: 'usual',
  async run(lab) {
    const targets = await lab.start(
      haproxy(lab, {}, await lab.tlsPlace(2)).then((target) => target && { ...target, name: 'HAProxy, TLS' }),
      afrouter(lab, { name: 'afrouter, TLS' }, await lab.tlsPlace(2)),
      afrouter(lab),
    );
    return [
      await lab.rounds('10 B, 8 × 20', targets, closed(lab, { connections: 8, streams: 20 }, PLAIN)),
      await lab.rounds('bidi', targets, streams(lab, { connections: 4, streams: 4 }, 'Converse')),
    ];
  },
};
