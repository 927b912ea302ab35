import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type BackendPlan, Bed, bySerialHeader, roundRobin, SERIAL_KEY } from '../support/bed.js';
import type { CallSettings } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import type { ReplicaCall } from '../support/replica-call.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

let bed: Bed;

function replicated(replicas: readonly string[], association: object = bySerialHeader): BackendPlan {
  return { replicas, association };
}

before(async () => {
  bed = await Bed.start({
    clusters: {
      counted: { a: replicated(['a1', 'a2', 'a3']), b: replicated(['b1', 'b2']) },
      apart: { c: replicated(['c1', 'c2'], { strategy: 'serial_number', location: 'header' }) },
      uuids: { d: replicated(['d1', 'd2'], { strategy: 'uuid', location: 'header', key: 'x-transaction' }) },
      inside: {
        e: replicated(['e1', 'e2'], { strategy: 'serial_number', location: 'protobuf', field: 'transaction' }),
      },
      single: { s: { replicas: ['s1'], type: 'server' } },
    },
    routes: [
      roundRobin('counted', 'counted', ['Unary', 'Bidi', 'ClientStream']),
      roundRobin('counted-too', 'counted', ['ServerStream']),
      roundRobin('apart', 'apart', ['Get']),
      roundRobin('uuids', 'uuids', ['Aim']),
      roundRobin('inside', 'inside', ['Create', 'Receive']),
      roundRobin('single', 'single', ['Subscribe']),
    ],
  });
});

after(() => bed.stop());

let calls = 0;

/** Makes a call and returns it as each of these replicas got it. */
async function received(method: string, names: readonly string[], settings?: CallSettings): Promise<ReplicaCall[]> {
  const key = `call-${calls++}`;
  const { code, details } = await bed.client.call(method, { key }, settings);
  assert.equal(code, 0, details);
  return eventually(`${names.join(', ')} received the call`, () => {
    const got = bed.callsWithKey(key);
    return got.length === names.length && got;
  }).then((got) => {
    assert.deepEqual(
      got.map(({ replica }) => replica),
      names,
    );
    return got;
  });
}

test('the serial number counts the calls of a cluster from 0, over all its backends and routes; replicas get the same', async () => {
  const expected: [string, string[]][] = [
    ['Unary', ['a1', 'a2', 'a3']],
    ['Unary', ['b1', 'b2']],
    ['ServerStream', ['a1', 'a2', 'a3']],
    ['Bidi', ['a1', 'a2', 'a3']],
    ['ClientStream', ['b1', 'b2']],
  ];
  for (const [serial, [method, names]] of expected.entries()) {
    // Bidi, ClientStream and Unary share one route, hence one position.
    for (const call of await received(method, names)) assert.deepEqual(call.meta(SERIAL_KEY), [String(serial)], method);
  }
});

test('each cluster has its own counter; the default key is voltha_serial_number', async () => {
  for (const serial of ['0', '1', '2']) {
    for (const call of await received('Get', ['c1', 'c2'])) {
      assert.deepEqual(call.meta('voltha_serial_number'), [serial]);
      assert.deepEqual(call.meta(SERIAL_KEY), []);
    }
  }
});

test('a client that sends the key itself does not get it through', async () => {
  for (const call of await received('Get', ['c1', 'c2'], { metadata: { voltha_serial_number: ['999', '1000'] } })) {
    assert.deepEqual(call.meta('voltha_serial_number'), ['3']);
  }
});

test('a uuid is random for each call and the same for its replicas', async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const [first, second] = await received('Aim', ['d1', 'd2']);
    const [uuid] = first!.meta('x-transaction');
    assert.match(uuid!, UUID);
    assert.deepEqual(second!.meta('x-transaction'), [uuid]);
    seen.add(uuid!);
  }
  assert.equal(seen.size, 3);
});

test('location protobuf puts the id into the message field, and nothing into the metadata', async () => {
  for (const [serial, method] of ['Create', 'Receive', 'Create'].entries()) {
    for (const call of await received(method, ['e1', 'e2'])) {
      assert.equal(call.requests[0]!.transaction, String(serial));
      assert.equal(call.meta('voltha_serial_number').length, 0);
    }
  }
});

test('location protobuf overrides what the client put into the field, and keeps the rest of the message', async () => {
  const payload = Buffer.alloc(100_000, 'p');
  const { code, messages } = await bed.client.call('Create', { key: 'overridden', transaction: 'mine', payload });
  assert.equal(code, 0);
  assert.ok(messages[0]!.payload.equals(payload));
  const got = await eventually('both have it', () => {
    const both = bed.callsWithKey('overridden');
    return both.length === 2 && both.every((call) => call.requests.length === 1) && both;
  });
  for (const { requests } of got) {
    assert.match(String(requests[0]!.transaction), /^\d+$/);
    assert.ok((requests[0]!.payload as Buffer).equals(payload));
  }
});

test('location protobuf works on an empty message', async () => {
  const before = bed.replica('e1').calls.length;
  const { code, details } = await bed.client.call('Create', {});
  assert.equal(code, 0, details);
  await eventually('e1 received it', () => bed.replica('e1').calls[before]?.halfClosed);
  assert.match(String(bed.replica('e1').calls[before]!.requests[0]!.transaction), /^\d+$/);
});

test('a backend of type server gets no association', async () => {
  const [call] = await received('Subscribe', ['s1']);
  assert.deepEqual(call!.meta(SERIAL_KEY), []);
  assert.deepEqual(call!.meta('voltha_serial_number'), []);
});

test('every replica gets the metadata, binary too, and every request message in order', async () => {
  const binary = Buffer.from([0, 1, 2, 253, 254, 255]);
  const call = bed.client.open('Bidi', { metadata: { 'x-text': ['one', 'two'], 'x-bytes-bin': binary } });
  const key = `call-${calls++}`;
  call.send({ key }, { key: '2' }, { key: '3', payload: Buffer.alloc(50_000, 3) });
  const { code } = await call.halfClose().outcome;
  assert.equal(code, 0);
  const got = bed.callsWithKey(key);
  assert.ok(got.length >= 2, `${got.length} replicas`);
  for (const each of got) {
    assert.deepEqual(each.meta('x-text').join().replaceAll(', ', ','), 'one,two');
    assert.deepEqual(each.metadata.get('x-bytes-bin'), [binary]);
    assert.deepEqual(
      each.requests.map((request) => request.key),
      [key, '2', '3'],
    );
  }
});

test('at least one stream opens: the call goes on with that one', async () => {
  await bed.kill('c1');
  const [call] = await received('Get', ['c2']);
  assert.ok(call);
  await bed.revive('c1');
});
