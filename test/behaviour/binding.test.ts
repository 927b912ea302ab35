import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import type { Outcome } from '../support/client.js';
import { type EchoResponse, echo } from '../support/echo.js';

const KEY = 'x-backend';

let bed: Bed;

function binding(name: string, field: string, methods: readonly string[], more: object = {}): object {
  return {
    name,
    type: 'binding',
    binding: { type: 'header', field, method: 'Subscribe', association: 'round_robin', ...more },
    backend_cluster: 'shards',
    methods,
  };
}

before(async () => {
  bed = await Bed.start({
    clusters: { shards: { alpha: ['a1', 'a2'], beta: ['b1', 'b2'] }, other: { gamma: ['c1'] } },
    routes: [
      roundRobin('unbound', 'other', ['Unary', 'Get']),
      binding('bound', KEY, ['Subscribe', 'Unary', 'Receive', 'Bidi']),
      binding('alone', 'x-alone', ['Subscribe', 'Unary'], { exclusive: true }),
    ],
  });
});

after(() => bed.stop());

function call(method: string, value: string | undefined, key = KEY): Promise<Outcome<EchoResponse>> {
  return bed.client.call(method, { key: 'k' }, value === undefined ? {} : { metadata: { [key]: value } });
}

function backendOf({ code, details, messages }: Outcome<EchoResponse>): string {
  assert.equal(code, 0, details);
  return { a: 'alpha', b: 'beta', c: 'gamma' }[messages[0]!.replica[0]!]!;
}

async function subscribe(): Promise<string> {
  const outcome = await call('Subscribe', '');
  const value = outcome.headers!.get(KEY);
  assert.equal(value.length, 1);
  assert.equal(backendOf(outcome), value[0], 'the headers name the backend that served the call');
  return String(value[0]);
}

test('the binding method with an empty value gets a backend in turn, named in the response headers', async () => {
  const first = await subscribe();
  const second = await subscribe();
  assert.deepEqual([first, second].sort(), ['alpha', 'beta']);
});

test('later calls that carry the value go to that backend', async () => {
  const value = await subscribe();
  for (let i = 0; i < 3; i++) {
    assert.equal(backendOf(await call('Unary', value)), value);
    assert.equal(backendOf(await call('Receive', value)), value);
    assert.equal(backendOf(await call('Bidi', value)), value);
  }
});

test('more clients than backends share them', async () => {
  const values = [await subscribe(), await subscribe(), await subscribe(), await subscribe()];
  assert.deepEqual(values.sort(), ['alpha', 'alpha', 'beta', 'beta']);
});

test('a value that names a backend is good without a binding call before it, as after a restart of the router', async () => {
  const fresh = await Bed.start({
    clusters: { shards: { alpha: ['r1'], beta: ['r2'] } },
    routes: [binding('bound', KEY, ['Subscribe', 'Unary'])],
  });
  try {
    for (const [value, replica] of [
      ['beta', 'r2'],
      ['alpha', 'r1'],
      ['beta', 'r2'],
    ] as const) {
      const { code, messages } = await fresh.client.call('Unary', {}, { metadata: { [KEY]: value } });
      assert.equal(code, 0);
      assert.equal(messages[0]!.replica, replica);
    }
    const again = await fresh.client.call('Subscribe', {}, { metadata: { [KEY]: 'beta' } });
    assert.equal(again.messages[0]?.replica, 'r2', again.details);
  } finally {
    await fresh.stop();
  }
});

test('another method with an empty value is FAILED_PRECONDITION', async () => {
  assert.equal((await call('Unary', '')).code, 9);
  assert.equal((await call('Bidi', '')).code, 9);
});

test('a value that names no backend of the cluster is NOT_FOUND', async () => {
  const { code, details } = await call('Unary', 'gamma');
  assert.equal(code, 5);
  assert.ok(details.includes(KEY), details);
  assert.equal((await call('Unary', '__proto__')).code, 5);
  assert.equal((await call('Subscribe', 'nobody')).code, 5);
});

test('the same method may be in another route, which takes it when the call does not carry the key', async () => {
  assert.equal(backendOf(await call('Unary', undefined)), 'gamma');
});

test('a method that only the binding route has is UNIMPLEMENTED without the key, and the other way round', async () => {
  assert.equal((await call('Receive', undefined)).code, 12);
  assert.equal((await call('Get', await subscribe())).code, 12);
});

test('the answer names the backend also when the replica sends headers of its own, and before any message', async () => {
  bed.handle((replicaCall) => {
    replicaCall.sendHeaders();
    replicaCall.onHalfClose = () => echo(replicaCall);
    echo(replicaCall);
  });
  const open = bed.client.open('Subscribe', { metadata: { [KEY]: '' } });
  const headers = await open.send({ key: 'k' }).halfClose().untilHeaders();
  bed.handle();
  assert.match(String(headers.get(KEY)), /^(alpha|beta)$/);
  assert.equal((await open.outcome).code, 0);
});

test('exclusive: each backend to one client, then RESOURCE_EXHAUSTED', async () => {
  const values: string[] = [];
  for (let i = 0; i < 2; i++) {
    const outcome = await call('Subscribe', '', 'x-alone');
    assert.equal(outcome.code, 0, outcome.details);
    values.push(String(outcome.headers!.get('x-alone')));
  }
  assert.deepEqual(values.sort(), ['alpha', 'beta']);
  assert.equal((await call('Subscribe', '', 'x-alone')).code, 8);
  assert.equal(backendOf(await call('Unary', 'alpha', 'x-alone')), 'alpha');
});

test('a bound backend that is down is UNAVAILABLE; the client is not moved', async () => {
  await bed.kill('b1');
  await bed.kill('b2');
  assert.equal((await call('Unary', 'beta')).code, 14);
  assert.equal(backendOf(await call('Subscribe', '')), 'alpha');
  await bed.revive('b1');
  await bed.revive('b2');
  assert.equal(backendOf(await call('Unary', 'beta')), 'beta');
});
