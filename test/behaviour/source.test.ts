import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bed } from '../support/bed.js';

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: { near: { a: ['a1', 'a2'], b: ['b1', 'b2'] }, far: { z: ['z1', 'z2'] } },
    routes: [
      {
        name: 'aim',
        type: 'source',
        routing_field: 'key',
        backend_cluster: 'near',
        methods: ['Aim', 'Receive', 'Bidi'],
      },
    ],
  });
});

after(() => bed.stop());

/** The replicas that answer a server stream: all that got the call. */
async function replicasOf(destination: string): Promise<string> {
  const { code, details, messages } = await bed.client.call('Receive', { key: destination });
  assert.equal(code, 0, details);
  return messages
    .map(({ replica }) => replica)
    .sort()
    .join();
}

test('a backend name goes to all its connections', async () => {
  assert.equal(await replicasOf('b'), 'b1,b2');
  assert.equal(await replicasOf('a'), 'a1,a2');
  assert.equal(await replicasOf('b'), 'b1,b2');
});

test('backend.connection goes to that connection only', async () => {
  assert.equal(await replicasOf('a.a2'), 'a2');
  assert.equal(await replicasOf('b.b1'), 'b1');
});

test('the destination may be in any cluster', async () => {
  assert.equal(await replicasOf('z'), 'z1,z2');
  assert.equal(await replicasOf('z.z1'), 'z1');
});

test('all kinds of calls', async () => {
  const unary = await bed.client.call('Aim', { key: 'b.b2' });
  assert.equal(unary.messages[0]!.replica, 'b2');
  const bidi = await bed.client.call('Bidi', [{ key: 'a.a1' }, { key: 'x' }]);
  assert.deepEqual(
    bidi.messages.map(({ replica }) => replica),
    ['a1', 'a1'],
  );
});

test('an unknown destination is NOT_FOUND, and the message names the field', async () => {
  for (const destination of ['c', 'a.b1', 'a.', '.a1', 'a.a1.x', 'near', '__proto__', 'a.__proto__']) {
    const { code, details } = await bed.client.call('Aim', { key: destination });
    assert.equal(code, 5, `${destination}: ${details}`);
    assert.match(details, /\bkey\b/);
  }
});

test('a known destination that is not open is UNAVAILABLE', async () => {
  await bed.kill('a2');
  assert.equal((await bed.client.call('Aim', { key: 'a.a2' })).code, 14);
  assert.equal((await bed.client.call('Aim', { key: 'a.a1' })).code, 0);
  assert.equal(await replicasOf('a'), 'a1');
  await bed.revive('a2');
  assert.equal(await replicasOf('a.a2'), 'a2');
});
