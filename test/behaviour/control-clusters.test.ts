import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { ControlClient } from '../support/control.js';
import { answerTo } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import type { ReplicaCall } from '../support/replica-call.js';

interface Connection {
  readonly name: string;
  readonly address: string;
  readonly state: string;
  readonly drained: boolean;
  readonly dials: string;
  readonly lastError: string;
  readonly openStreams: number;
}

interface Backend {
  readonly cluster: string;
  readonly name: string;
  readonly drained: boolean;
  readonly connections: readonly Connection[];
}

interface Clusters {
  readonly clusters: readonly { readonly name: string; readonly backends: readonly Backend[] }[];
}

let bed: Bed;
let control: ControlClient;

before(async () => {
  bed = await Bed.start({
    clusters: {
      shards: { a: ['a1', 'a2'], b: ['b1', 'b2'] },
      other: { a: ['o1'], down: ['d1'], later: ['l1'] },
    },
    absent: ['d1'],
    unset: ['l1'],
    control: true,
    routes: [
      {
        name: 'by-key',
        type: 'rpc_affinity_message',
        association: 'round_robin',
        routing_field: 'key',
        backend_cluster: 'shards',
        methods: ['Get'],
      },
      {
        name: 'bound',
        type: 'binding',
        association: 'round_robin',
        binding: { type: 'header', field: 'shard', method: 'Subscribe', association: 'round_robin' },
        backend_cluster: 'shards',
        methods: ['Subscribe'],
      },
      roundRobin('turns', 'shards', ['Unary', 'ServerStream']),
    ],
  });
  control = new ControlClient(bed.controlPort);
});

after(async () => {
  control.stop();
  await bed.stop();
});

afterEach(async () => {
  bed.handle();
  for (const backend of ['a', 'b']) {
    await control.ask('UndrainBackend', { cluster: 'shards', backend });
    for (const n of [1, 2]) {
      await control.ask('UndrainConnection', { cluster: 'shards', backend, connection: `${backend}${n}` });
    }
  }
});

/** The backends that so many round-robin calls go to. */
async function turns(count: number): Promise<Set<string>> {
  const backends = new Set<string>();
  for (let i = 0; i < count; i++) {
    const { code, details, messages } = await bed.client.call('Unary', {});
    assert.equal(code, 0, details);
    backends.add(messages[0]!.replica[0]!);
  }
  return backends;
}

test('ListClusters tells of clusters, backends and connections: address, state, dials, last error', async () => {
  const { clusters } = await control.ask<Clusters>('ListClusters');
  assert.deepEqual(
    clusters.map(({ name, backends }) => [name, backends.map((backend) => backend.name)]),
    [
      ['shards', ['a', 'b']],
      ['other', ['a', 'down', 'later']],
    ],
  );
  const [a1] = clusters[0]!.backends[0]!.connections;
  assert.equal(a1!.address, `127.0.0.1:${bed.replica('a1').port}`);
  assert.deepEqual([a1!.state, a1!.drained, a1!.dials, a1!.lastError], ['OPEN', false, '1', '']);
  const [, down, later] = clusters[1]!.backends;
  assert.match(down!.connections[0]!.lastError, /ECONNREFUSED/);
  assert.ok(Number(down!.connections[0]!.dials) >= 1);
  assert.deepEqual([later!.connections[0]!.state, later!.connections[0]!.address], ['UNSET', '']);
});

test('one cluster can be asked for; an unknown one is NOT_FOUND and named', async () => {
  const { clusters } = await control.ask<Clusters>('ListClusters', { cluster: 'other' });
  assert.deepEqual(
    clusters.map(({ name }) => name),
    ['other'],
  );
  for (const method of ['ListClusters', 'WatchClusters']) {
    const { code, details } = await control.outcome(method, { cluster: 'wrong-name' });
    assert.equal(code, 5);
    assert.match(details, /cluster "wrong-name"/);
  }
});

test('WatchClusters begins with everything and then tells of each backend that changes', async () => {
  const watch = control.open('WatchClusters').send({ cluster: 'shards' }).halfClose();
  const [first] = (await watch.untilMessages(1)) as unknown as [{ snapshot: Clusters }];
  assert.deepEqual(
    first.snapshot.clusters.map(({ name }) => name),
    ['shards'],
  );
  const stateOf = (connection: string): Connection | undefined =>
    watch.messages
      .map((event) => (event as { changed?: Backend }).changed?.connections.find(({ name }) => name === connection))
      .findLast((found) => found !== undefined);
  await bed.kill('b2');
  await eventually('told that b2 is lost', () => stateOf('b2') !== undefined && stateOf('b2')!.state !== 'OPEN');
  await bed.revive('b2');
  await eventually('told that b2 is back', () => stateOf('b2')!.state === 'OPEN');
  await control.ask('DrainConnection', { cluster: 'shards', backend: 'a', connection: 'a1' });
  await eventually('told that a1 is drained', () => stateOf('a1')?.drained);
  watch.cancel();
});

test('a drained backend gets no new calls, keys or bindings; what belongs to it is still served', async () => {
  for (const key of ['p', 'q', 'r', 's']) await bed.client.call('Get', { key });
  const homes = new Map<string, string>();
  for (const key of ['p', 'q', 'r', 's']) {
    homes.set(key, (await bed.client.call('Get', { key })).messages[0]!.replica[0]!);
  }
  assert.deepEqual(new Set(homes.values()), new Set(['a', 'b']));

  const drained = await control.ask<Backend>('DrainBackend', { cluster: 'shards', backend: 'a' });
  assert.deepEqual([drained.cluster, drained.name, drained.drained], ['shards', 'a', true]);
  assert.deepEqual(await turns(6), new Set(['b']));
  for (const key of ['new1', 'new2', 'new3']) {
    assert.equal((await bed.client.call('Get', { key })).messages[0]!.replica[0], 'b');
  }
  for (let i = 0; i < 3; i++) {
    const { headers } = await bed.client.call('Subscribe', {}, { metadata: { shard: '' } });
    assert.deepEqual(headers!.get('shard'), ['b']);
  }
  for (const [key, home] of homes) {
    assert.equal((await bed.client.call('Get', { key })).messages[0]!.replica[0], home, key);
  }
  const named = await bed.client.call('Subscribe', {}, { metadata: { shard: 'a' } });
  assert.equal(named.messages[0]!.replica[0], 'a');

  const back = await control.ask<Backend>('UndrainBackend', { cluster: 'shards', backend: 'a' });
  assert.equal(back.drained, false);
  assert.deepEqual(await turns(4), new Set(['a', 'b']));
});

test('when every backend is drained new calls are UNAVAILABLE', async () => {
  for (const backend of ['a', 'b']) await control.ask('DrainBackend', { cluster: 'shards', backend });
  const { code, details } = await bed.client.call('Unary', {});
  assert.equal(code, 14);
  assert.match(details, /cluster shards/);
});

test('a drained connection takes no new legs, its calls end by themselves, and it is caught up when it is brought back', async () => {
  const at = new Map<string, ReplicaCall>();
  bed.handle((call) => void at.set(call.replica, call));
  await control.ask('DrainBackend', { cluster: 'shards', backend: 'b' });
  const before = bed.client.open('ServerStream').send({ key: 'before' }).halfClose();
  await eventually('both have it', () => at.has('a1') && at.has('a2'));
  const [first, second] = [at.get('a1')!, at.get('a2')!];

  const drained = await control.ask<Backend>('DrainConnection', { backend: 'a', cluster: 'shards', connection: 'a1' });
  assert.deepEqual(
    drained.connections.map((c) => [c.name, c.drained, c.openStreams]),
    [
      ['a1', true, 1],
      ['a2', false, 1],
    ],
  );
  at.clear();
  const during = bed.client.open('ServerStream').send({ key: 'during' }).halfClose();
  await eventually('a2 has it', () => at.has('a2'));
  assert.equal(bed.callsWithKey('during', ['a1']).length, 0);

  for (const call of [first, second]) {
    assert.equal(call.cancelled, false);
    call.answer(answerTo(call, {}));
    call.end();
  }
  const { code, messages } = await before.outcome;
  assert.equal(code, 0);
  assert.deepEqual(messages.map(({ replica }) => replica).sort(), ['a1', 'a2']);
  await eventually('no stream is left on a1', async () => {
    const { clusters } = await control.ask<Clusters>('ListClusters', { cluster: 'shards' });
    return clusters[0]!.backends[0]!.connections[0]!.openStreams === 0;
  });

  await control.ask('UndrainConnection', { cluster: 'shards', backend: 'a', connection: 'a1' });
  await eventually('a1 is caught up', () => at.get('a1')?.requests[0]?.key === 'during');
  for (const call of at.values()) call.end();
  assert.equal((await during.outcome).code, 0);
});

test('a backend whose connections are all drained is UNAVAILABLE for sticky calls too, and comes back', async () => {
  await control.ask('SetAffinity', { route: { router: 'echo', route: 'by-key' }, key: 'stuck', backend: 'b' });
  for (const connection of ['b1', 'b2']) {
    await control.ask('DrainConnection', { cluster: 'shards', backend: 'b', connection });
  }
  const { code, details } = await bed.client.call('Get', { key: 'stuck' });
  assert.equal(code, 14);
  assert.match(details, /backend b/);
  assert.deepEqual(await turns(4), new Set(['a']));
  await control.ask('UndrainConnection', { cluster: 'shards', backend: 'b', connection: 'b1' });
  assert.equal((await bed.client.call('Get', { key: 'stuck' })).messages[0]!.replica, 'b1');
});

test('a drained connection stays drained when it is lost and found again', async () => {
  await control.ask('DrainConnection', { cluster: 'shards', backend: 'a', connection: 'a2' });
  await bed.kill('a2');
  await bed.revive('a2');
  await bed.client.call('ServerStream', { key: 'not-for-a2' });
  await bed.client.call('ServerStream', { key: 'not-for-a2' });
  assert.equal(bed.callsWithKey('not-for-a2', ['a1']).length, 1);
  assert.equal(bed.callsWithKey('not-for-a2', ['a2']).length, 0);
});

test('what is drained is found by its name, which is said when it is unknown or not enough', async () => {
  const cases = [
    ['DrainBackend', { backend: 'wrong-name' }, 5, /backend "wrong-name"/],
    ['DrainBackend', { cluster: 'shards', backend: 'down' }, 5, /backend "down" in cluster shards/],
    ['DrainBackend', { backend: 'a' }, 9, /clusters shards, other/],
    ['DrainConnection', { backend: 'b', connection: 'a1' }, 5, /connection "a1" of backend b/],
    ['UndrainConnection', { cluster: 'wrong-name', backend: 'b', connection: 'b1' }, 5, /cluster "wrong-name"/],
  ] as const;
  for (const [method, request, status, message] of cases) {
    const { code, details } = await control.outcome(method, request);
    assert.equal(code, status, method);
    assert.match(details, message);
  }
  assert.equal((await control.ask<Backend>('DrainBackend', { backend: 'b' })).cluster, 'shards');
});
