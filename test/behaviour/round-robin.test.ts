import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: {
      trio: { a: ['a1', 'a2'], b: ['b1'], c: ['c1'] },
      gone: { d: ['d1'] },
    },
    absent: ['d1'],
    routes: [
      roundRobin('first', 'trio', ['Unary']),
      roundRobin('second', 'trio', ['Get']),
      roundRobin('rest', 'trio'),
      roundRobin('none-open', 'gone', ['Aim']),
    ],
  });
});

after(() => bed.stop());

/** The backends (first letter of the replica's name) that answer `count` calls. */
async function backends(method: string, count: number): Promise<string> {
  let seen = '';
  for (let i = 0; i < count; i++) {
    const { code, details, messages } = await bed.client.call(method, { key: 'k' });
    assert.equal(code, 0, details);
    seen += messages[0]!.replica[0];
  }
  return seen;
}

test('each call goes to the next backend of the cluster, and round again', async () => {
  assert.equal(await backends('Unary', 7), 'abcabca');
});

test('each route keeps its own position', async () => {
  assert.equal(await backends('Get', 2), 'ab');
  assert.equal(await backends('Unary', 1), 'b');
  assert.equal(await backends('Get', 1), 'c');
});

test('a route with methods ["*"] takes every method that no other route names', async () => {
  assert.equal(await backends('ServerStream', 2), 'ab');
  assert.equal(await backends('ClientStream', 1), 'c');
  assert.equal(await backends('Bidi', 1), 'a');
});

test('a backend without an open connection is passed over, and has its turn when it is back', async () => {
  await bed.kill('b1');
  const without = await backends('Unary', 6);
  assert.ok(!without.includes('b'), without);
  assert.match(without, /^(ac){3}$|^(ca){3}$/);
  await bed.revive('b1');
  assert.match(await backends('Unary', 6), /^(abcabc|bcabca|cabcab)$/);
});

test('a backend with one of its connections open is open', async () => {
  await bed.kill('a1');
  assert.match(await backends('Unary', 3), /a/);
  await bed.revive('a1');
});

test('no backend open: UNAVAILABLE, at once', async () => {
  const started = performance.now();
  const { code, details } = await bed.client.call('Aim', { key: 'k' });
  assert.equal(code, 14);
  assert.ok(details.includes('gone'), `names the cluster: ${details}`);
  assert.ok(performance.now() - started < 2000);
});
