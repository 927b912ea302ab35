import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { delay } from '../support/eventually.js';

/** How long a replica is away, in ms. */
const AWAY_MS = 300;
const CALLERS = 8;

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: {
      shards: { s: { replicas: ['s1'], type: 'server' }, t: { replicas: ['t1'], type: 'server' } },
      replicas: { r: ['r1', 'r2'] },
      single: { o: { replicas: ['o1'], type: 'server' } },
    },
    routes: [
      roundRobin('shards', 'shards', ['Unary']),
      roundRobin('replicas', 'replicas', ['Create']),
      roundRobin('single', 'single', ['Get']),
    ],
  });
  // Sessions younger than this are dialled again with a delay.
  await delay(1100);
});

after(() => bed.stop());
afterEach(() => bed.handle());

/** Calls all the time while the replicas are restarted one after another, each in good order. Returns what failed. */
async function callThrough(method: string, names: readonly string[]): Promise<readonly string[]> {
  const failures: string[] = [];
  let calls = 0;
  let over = false;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!over) {
      const { code, details } = await bed.client.call(method, { key: 'rolling', plan: { delayMs: calls++ % 5 } });
      if (code !== 0) failures.push(`${code}: ${details}`);
    }
  });
  for (const name of names) {
    await delay(200);
    await bed.replica(name).retire();
    await delay(AWAY_MS);
    await bed.revive(name);
  }
  await delay(200);
  over = true;
  await Promise.all(callers);
  assert.ok(calls > 10 * CALLERS, `only ${calls} calls`);
  return failures;
}

for (const [what, method, names] of [
  ['backends of a cluster', 'Unary', ['s1', 't1']],
  ['replicas of a backend', 'Create', ['r1', 'r2']],
  ['a backend that is alone', 'Get', ['o1', 'o1']],
] as const) {
  test(`rolling restart, ${what}: no call fails`, async () => {
    assert.deepEqual(await callThrough(method, names), []);
  });
}
