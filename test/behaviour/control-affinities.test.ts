import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { ControlClient } from '../support/control.js';
import { eventually } from '../support/eventually.js';

interface Affinity {
  readonly key: string;
  readonly cluster: string;
  readonly backend: string;
  readonly calls: number;
}

interface Page {
  readonly affinities: readonly Affinity[];
  readonly nextPageToken: string;
  readonly total: number;
}

let bed: Bed;
let control: ControlClient;

before(async () => {
  bed = await Bed.start({
    clusters: { shards: { a: ['a1'], b: ['b1'] } },
    control: true,
    daemon: { env: { AFROUTER_AFFINITY_ENTRIES: '50' } },
    routes: [
      affinityRoute('by-key', ['Get', 'Receive']),
      affinityRoute('paged', ['Aim']),
      affinityRoute('full', ['Create']),
      roundRobin('turns', 'shards', ['Unary']),
      {
        name: 'seats',
        type: 'binding',
        association: 'round_robin',
        binding: { type: 'header', field: 'seat', method: 'Subscribe', association: 'round_robin', exclusive: true },
        backend_cluster: 'shards',
        methods: ['Subscribe'],
      },
    ],
  });
  control = new ControlClient(bed.controlPort);
});

after(async () => {
  control.stop();
  await bed.stop();
});

function affinityRoute(name: string, methods: readonly string[]): object {
  return {
    name,
    type: 'rpc_affinity_message',
    association: 'round_robin',
    routing_field: 'key',
    backend_cluster: 'shards',
    methods,
  };
}

function route(name: string): { router: string; route: string } {
  return { router: 'echo', route: name };
}

test('a key is set, got, used by calls, and deleted; then it may go elsewhere', async () => {
  const bound = { key: 'Zürich', cluster: 'shards', backend: 'b', calls: 0 };
  const key = { route: route('by-key'), key: 'Zürich' };
  assert.deepEqual(await control.ask('SetAffinity', { ...key, backend: 'b' }), bound);
  assert.deepEqual(await control.ask('SetAffinity', { ...key, backend: 'b' }), bound, 'again is no error');
  assert.deepEqual(await control.ask('GetAffinity', key), bound);
  assert.equal((await bed.client.call('Get', { key: 'Zürich' })).messages[0]!.replica, 'b1');

  const { code, details } = await control.outcome('SetAffinity', { ...key, backend: 'a' });
  assert.equal(code, 6);
  assert.match(details, /backend b/);

  assert.deepEqual(await control.ask('DeleteAffinity', key), bound);
  assert.equal((await control.outcome('GetAffinity', key)).code, 5);
  assert.equal((await control.outcome('DeleteAffinity', key)).code, 5);
  assert.equal((await control.ask<Affinity>('SetAffinity', { ...key, backend: 'a' })).backend, 'a');
  assert.equal((await bed.client.call('Get', { key: 'Zürich' })).messages[0]!.replica, 'a1');
});

test('a key that calls in flight use cannot be deleted; it can when they have ended', async () => {
  const call = bed.client
    .open('Receive')
    .send({ key: 'busy', plan: { hang: true } })
    .halfClose();
  const key = { route: route('by-key'), key: 'busy' };
  await eventually('the key is in use', async () => {
    const { code, messages } = await control.outcome('GetAffinity', key);
    return code === 0 && messages[0]!.calls === 1;
  });
  const { code, details } = await control.outcome('DeleteAffinity', key);
  assert.equal(code, 9);
  assert.match(details, /in flight/);
  call.cancel();
  await call.outcome;
  await eventually('the key is free', async () => (await control.outcome('DeleteAffinity', key)).code === 0);
});

test('pages hold every key once, in the order in which they came, also while keys come and go', async () => {
  const keys = Array.from({ length: 25 }, (_, i) => `page-${i}`);
  for (const key of keys) await bed.client.call('Aim', { key });
  const seen: string[] = [];
  let page = await control.ask<Page>('ListAffinities', { route: route('paged'), pageSize: 10 });
  assert.equal(page.total, 25);
  const firstToken = page.nextPageToken;
  seen.push(...page.affinities.map(({ key }) => key));
  await control.ask('DeleteAffinity', { route: route('paged'), key: 'page-9' });
  await control.ask('DeleteAffinity', { route: route('paged'), key: 'page-12' });
  while (page.nextPageToken !== '') {
    page = await control.ask('ListAffinities', {
      route: route('paged'),
      pageSize: 10,
      pageToken: page.nextPageToken,
    });
    seen.push(...page.affinities.map(({ key }) => key));
  }
  assert.deepEqual(
    seen,
    keys.filter((key) => key !== 'page-12'),
  );
  const again = await control.ask<Page>('ListAffinities', {
    route: route('paged'),
    pageSize: 2,
    pageToken: firstToken,
  });
  assert.deepEqual(
    again.affinities.map(({ key }) => key),
    ['page-10', 'page-11'],
    'a token may be used again',
  );
});

test('a page token that no page gave is INVALID_ARGUMENT', async () => {
  for (const pageToken of ['nonsense', 'MS0y', '!', 'x'.repeat(10_000)]) {
    const { code, details } = await control.outcome('ListAffinities', { route: route('paged'), pageToken });
    assert.equal(code, 3, pageToken.slice(0, 20));
    assert.match(details, /page_token/);
  }
});

test('unknown names are NOT_FOUND, and said', async () => {
  const cases = [
    [{ route: { router: 'wrong-name', route: 'by-key' } }, /router "wrong-name"/],
    [{ route: route('wrong-name') }, /route "wrong-name" in router echo/],
    [{ route: { ...route('by-key'), service: 'wrong.Name' } }, /service "wrong.Name"/],
    [{}, /router ""/],
  ] as const;
  for (const method of ['ListAffinities', 'GetAffinity', 'SetAffinity', 'DeleteAffinity']) {
    for (const [request, message] of cases) {
      const { code, details } = await control.outcome(method, { key: 'k', backend: 'a', ...request });
      assert.equal(code, 5, method);
      assert.match(details, message);
    }
  }
  const { code, details } = await control.outcome('SetAffinity', { route: route('by-key'), key: 'k', backend: 'c' });
  assert.equal(code, 5);
  assert.match(details, /backend "c" in cluster shards/);
});

test('a route that remembers no keys is FAILED_PRECONDITION', async () => {
  for (const name of ['turns', 'seats']) {
    const { code, details } = await control.outcome('ListAffinities', { route: route(name) });
    assert.equal(code, 9);
    assert.match(details, new RegExp(`route ${name} is of type`));
  }
});

test('keys of any content are only keys; one of over 1024 bytes is refused', async () => {
  for (const key of ['', '__proto__', 'constructor', '\u0000\n"', 'x'.repeat(1024)]) {
    await control.ask('SetAffinity', { route: route('by-key'), key, backend: 'b' });
    assert.equal((await control.ask<Affinity>('GetAffinity', { route: route('by-key'), key })).key, key);
  }
  for (const key of ['x'.repeat(1025), 'ü'.repeat(513)]) {
    const { code } = await control.outcome('SetAffinity', { route: route('by-key'), key, backend: 'b' });
    assert.equal(code, 3);
  }
});

test('a request of over 64 KiB is refused and harms nobody', async () => {
  const { code } = await control.outcome('GetAffinity', { route: route('by-key'), key: 'x'.repeat(100_000) });
  assert.equal(code, 8);
  assert.equal((await bed.client.call('Unary', {})).code, 0);
});

test('a full table forgets the longest unused key, through the control API too', async () => {
  for (let i = 0; i < 60; i++) {
    await control.ask('SetAffinity', { route: route('full'), key: `f${i}`, backend: i % 2 === 0 ? 'a' : 'b' });
  }
  const { affinities, total } = await control.ask<Page>('ListAffinities', { route: route('full'), pageSize: 1000 });
  assert.equal(total, 50);
  assert.deepEqual(
    affinities.map(({ key }) => key).sort(),
    Array.from({ length: 50 }, (_, i) => `f${i + 10}`),
  );
});

test('an exclusive binding is listed, holds its backend, and gives it free when it is deleted', async () => {
  const take = () => bed.client.call('Subscribe', {}, { metadata: { seat: '' } });
  const bound = new Set<string>();
  for (let i = 0; i < 2; i++) bound.add(String((await take()).headers!.get('seat')[0]));
  assert.deepEqual(bound, new Set(['a', 'b']));
  assert.equal((await take()).code, 8);
  interface Bindings {
    readonly bindings: readonly { readonly backend: string; readonly exclusive: boolean }[];
    readonly nextPageToken: string;
  }
  const first = await control.ask<Bindings>('ListBindings', { pageSize: 1 });
  const second = await control.ask<Bindings>('ListBindings', { pageSize: 1, pageToken: first.nextPageToken });
  assert.deepEqual(
    [...first.bindings, ...second.bindings].map(({ backend, exclusive }) => [backend, exclusive]),
    [
      ['a', true],
      ['b', true],
    ],
  );
  assert.equal(second.nextPageToken, '');

  const seat = { route: route('seats'), backend: 'b' };
  await control.ask('DeleteBinding', seat);
  const { code, details } = await control.outcome('DeleteBinding', seat);
  assert.equal(code, 5);
  assert.match(details, /backend b is bound to no client/);
  assert.equal((await control.outcome('GetBinding', seat)).code, 5);
  await control.ask('SetBinding', seat);
  assert.equal((await control.ask<{ backend: string }>('GetBinding', seat)).backend, 'b');
  assert.equal((await control.outcome('SetBinding', seat)).code, 6);
  assert.equal((await take()).code, 8, 'one that was set is given to nobody');
  await control.ask('DeleteBinding', seat);
  assert.deepEqual((await take()).headers!.get('seat'), ['b']);
  assert.equal((await control.outcome('DeleteBinding', { route: route('turns'), backend: 'a' })).code, 9);
});
