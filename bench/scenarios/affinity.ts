import { closed, visitAllKeys } from '../measures.js';
import type { Scenario } from '../scenario.js';
import { afrouter, haproxy } from '../targets/start.js';

const KEYS = 100_000;
const CONCURRENCY = { connections: 8, streams: 20 };
/** 10 bytes of which 8 are the key. */
const SHAPE = { bytes: 10, keys: KEYS, metadata: 'plain' } as const;

export const BY_FIELD = 'afrouter, by field';
export const STICKY = 'HAProxy, stick on field';

export const affinity: Scenario = {
  name: 'affinity',
  title: 'Affinity by a message field',
  about: `Each call carries one of ${KEYS} keys in its message and goes where that key went before; against round robin, which does not look, and against HAProxy with \`option http-buffer-request\` and \`stick on req.body,ungrpc(1)\`.`,
  metrics: ['rate', 'cpuPerCall', 'peakMemory'],
  reference: STICKY,
  plot: { kind: 'bars', metric: 'rate' },
  when: 'quick',
  async run(lab) {
    const targets = await lab.start(
      haproxy(lab, { stick: true }).then((target) => target && { ...target, name: STICKY }),
      afrouter(lab, { name: BY_FIELD, shape: 'affinity by field' }),
      afrouter(lab),
    );
    for (const target of targets) await visitAllKeys(target, CONCURRENCY, SHAPE);
    const result = await lab.rounds(`${KEYS} keys`, targets, closed(lab, CONCURRENCY, SHAPE));
    return [result];
  },
};
