import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { ControlClient } from '../support/control.js';
import { answerTo } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import type { ReplicaCall } from '../support/replica-call.js';

interface Levels {
  readonly components: readonly { readonly name: string; readonly level: string }[];
}

interface Call {
  readonly listener: string;
  readonly peer: string;
  readonly method: string;
  readonly route: string;
  readonly cluster: string;
  readonly backend: string;
  readonly state: string;
  readonly beganUnixMs: string;
  readonly requestBytes: string;
  readonly replicas: readonly { readonly connection: string; readonly state: string; readonly takenBytes: string }[];
}

interface Calls {
  readonly calls: readonly Call[];
  readonly nextPageToken: string;
}

let bed: Bed;
let control: ControlClient;

before(async () => {
  bed = await Bed.start({
    clusters: { shards: { a: ['a1', 'a2'], b: ['b1'] } },
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
      roundRobin('turns', 'shards', ['Unary', 'ServerStream', 'Bidi']),
    ],
  });
  control = new ControlClient(bed.controlPort);
});

after(async () => {
  control.stop();
  await bed.stop();
});

afterEach(() => bed.handle());

test('GetVersion tells version, Node, pid, start and threads', async () => {
  const version = await control.ask('GetVersion');
  assert.match(String(version.version), /^\d+\.\d+\.\d+/);
  assert.equal(version.node, process.version);
  assert.equal(version.pid, bed.daemon.pid);
  assert.ok(Number(version.threads) >= 2);
  const age = Date.now() - Number(version.startedUnixMs);
  assert.ok(age >= 0 && age < 300_000, `started ${age} ms ago`);
});

test('log levels are told and changed, for one thread or for all', async () => {
  const { components } = await control.ask<Levels>('GetLogLevels');
  assert.equal(components[0]!.name, 'main');
  const names = components.map(({ name }) => name);
  for (const name of ['main/northbound', 'worker-0', 'worker-0/southbound']) assert.ok(names.includes(name), name);
  assert.ok(components.every(({ level }) => level === 'info'));

  const only = await control.ask<Levels>('SetLogLevel', { component: 'main', level: 'debug' });
  assert.deepEqual(
    only.components.map(({ name, level }) => [name, level]),
    components.map(({ name }) => [name, name === 'main' || name.startsWith('main/') ? 'debug' : 'info']),
  );
  const from = bed.daemon.lines.length;
  const client = new ControlClient(bed.port);
  await client.outcome('GetVersion');
  await bed.daemon.untilLine((line) => line.event === 'client_connected', 'debug of a listener', from);
  client.stop();

  await control.ask('SetLogLevel', { level: 'error' });
  const quiet = bed.daemon.lines.length;
  await bed.replica('b1').kill();
  await eventually('b1 is lost', async () => {
    const { clusters } = await control.ask<{ clusters: { backends: { connections: { state: string }[] }[] }[] }>(
      'ListClusters',
    );
    return clusters[0]!.backends[1]!.connections[0]!.state !== 'OPEN';
  });
  assert.deepEqual(
    bed.daemon.lines.slice(quiet).filter(({ level }) => level === 'info' || level === 'warn'),
    [],
  );
  await control.ask('SetLogLevel', { level: 'info' });
  await bed.revive('b1');
});

test('an unknown component or level changes nothing and is said', async () => {
  const component = await control.outcome('SetLogLevel', { component: 'wrong-name', level: 'info' });
  assert.equal(component.code, 5);
  assert.match(component.details, /component "wrong-name": main, .*worker-0/);
  const level = await control.outcome('SetLogLevel', { level: 'loud' });
  assert.equal(level.code, 3);
  assert.match(level.details, /level "loud": trace, debug/);
});

test('GetConfiguration gives the routing file in effect and every setting', async () => {
  const { routing, settings } = await control.ask<{ routing: string; settings: { name: string; value: string }[] }>(
    'GetConfiguration',
  );
  const file = JSON.parse(routing) as {
    api: { port: number };
    routers: { routes: { name: string }[] }[];
    clusters: { backends: { connections: { name: string; port: number }[] }[] }[];
  };
  assert.equal(file.api.port, bed.controlPort);
  assert.deepEqual(
    file.routers[0]!.routes.map(({ name }) => name),
    ['by-key', 'turns'],
  );
  assert.equal(file.clusters[0]!.backends[0]!.connections[0]!.port, bed.replica('a1').port);
  const values = new Map(settings.map(({ name, value }) => [name, value]));
  assert.equal(values.get('AFROUTER_RECONNECT_MIN_MS'), '50');
  assert.equal(values.get('AFROUTER_DRAIN_MS'), '30000');
  assert.equal(values.get('AFROUTER_CONTROL_TOKEN'), 'none');
});

test('ListCalls tells of each call in flight: where it is, since when, and how its replicas stand', async () => {
  const at = new Map<string, ReplicaCall>();
  bed.handle((call) => void at.set(call.replica, call));
  await control.ask('DrainBackend', { backend: 'b' });
  const began = Date.now();
  const stream = bed.client.open('ServerStream').send({ key: 'secret-key' }).halfClose();
  await eventually('the replicas have it', () => at.has('a1') && at.has('a2'));
  const first = at.get('a1')!;
  first.answer(answerTo(first, {}));
  first.end();
  await stream.untilMessages(1);

  const call = await eventually('one replica has answered', async () => {
    const { calls } = await control.ask<Calls>('ListCalls');
    return calls.find(({ method, replicas }) => method.endsWith('/ServerStream') && replicas[0]!.state === 'ANSWERED');
  });
  assert.deepEqual(
    [call.listener, call.method, call.route, call.cluster, call.backend, call.state],
    ['north', '/afrouter.test.Echo/ServerStream', 'turns', 'shards', 'a', 'ANSWERING'],
  );
  assert.match(call.peer, /^127\.0\.0\.1:\d+$/);
  assert.ok(Math.abs(Number(call.beganUnixMs) - began) < 10_000);
  assert.ok(Number(call.requestBytes) > 0);
  assert.deepEqual(
    call.replicas.map(({ connection, state, takenBytes }) => [connection, state, takenBytes]),
    [
      ['a1', 'ANSWERED', call.requestBytes],
      ['a2', 'OPEN', call.requestBytes],
    ],
  );
  assert.doesNotMatch(JSON.stringify(await control.ask('ListCalls')), /secret-key/);

  for (const each of at.values()) each.end();
  assert.equal((await stream.outcome).code, 0);
  await control.ask('UndrainBackend', { backend: 'b' });
  await eventually('no call is left', async () => (await control.ask<Calls>('ListCalls')).calls.length === 0);
});

test('a call that is held for its first message is listed as such', async () => {
  const waiting = bed.client.raw.makeClientStreamRequest(
    '/afrouter.test.Echo/Get',
    (bytes: Buffer) => bytes,
    (bytes) => bytes,
    () => {},
  );
  const [held] = await eventually('it is listed', async () => {
    const { calls } = await control.ask<Calls>('ListCalls');
    return calls.length === 1 && calls[0]!.state === 'HOLDING' ? calls : undefined;
  });
  assert.deepEqual([held!.route, held!.cluster, held!.backend, held!.replicas], ['by-key', 'shards', '', []]);
  waiting.cancel();
  await eventually('it is gone', async () => (await control.ask<Calls>('ListCalls')).calls.length === 0);
});

test('pages of calls hold each once; only old ones can be asked for', async () => {
  bed.handle(() => {});
  const calls = Array.from({ length: 7 }, () => bed.client.open('Bidi').send({}));
  await eventually('all are in flight', async () => (await control.ask<Calls>('ListCalls')).calls.length === 7);
  let seen = 0;
  let pageToken = '';
  do {
    const page: Calls = await control.ask('ListCalls', { pageSize: 3, pageToken });
    assert.ok(page.calls.length <= 3);
    seen += page.calls.length;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  assert.equal(seen, 7);
  assert.equal((await control.ask<Calls>('ListCalls', { minAgeMs: 3_600_000 })).calls.length, 0);
  assert.equal((await control.outcome('ListCalls', { pageToken: 'nonsense' })).code, 3);
  for (const call of calls) call.cancel();
  await Promise.all(calls.map(({ outcome }) => outcome));
});
