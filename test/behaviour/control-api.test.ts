import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin, SERIAL_KEY } from '../support/bed.js';
import { ControlClient } from '../support/control.js';
import { answerTo, echo, echoService } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { Replica } from '../support/replica.js';
import type { ReplicaCall } from '../support/replica-call.js';

let bed: Bed;
let control: ControlClient;
/** Where connections move to; no part of the file. */
let spare: Replica;

before(async () => {
  bed = await Bed.start({
    clusters: {
      shards: { a: ['a1', 'a2'], b: ['b1', 'b2'] },
      moving: { m: ['m1', 'm2'] },
      later: { l: ['l1'] },
    },
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
      roundRobin('moving', 'moving', ['Unary', 'ServerStream']),
      roundRobin('later', 'later', ['Aim']),
    ],
  });
  control = new ControlClient(bed.controlPort);
  spare = await Replica.start('spare', echoService, echo);
});

after(async () => {
  control.stop();
  await bed.stop();
  await spare.kill();
});

afterEach(() => {
  bed.handle();
  spare.handler = echo;
});

const affinity = { router: 'echo', route: 'by-key', cluster: 'shards', backend: 'b', id: 'x' };

function connection(cluster: string, backend: string, name: string, port: number): Record<string, unknown> {
  return {
    server: 'north',
    pkg: 'afrouter.test',
    svc: 'Echo',
    cluster,
    backend,
    connection: name,
    addr: '127.0.0.1',
    port: String(port),
  };
}

async function backendOf(key: string): Promise<string> {
  const { code, details, messages } = await bed.client.call('Get', { key });
  assert.equal(code, 0, details);
  return messages[0]!.replica[0]!;
}

test('GetGoroutineCount answers with the number of threads: the main thread and at least one worker', async () => {
  const threads = await control.threads();
  assert.ok(threads >= 2 && threads < 64, String(threads));
});

test('SetAffinity binds a key to a backend', async () => {
  for (const id of ['s1', 's2', 's3']) {
    assert.deepEqual(await control.setAffinity({ ...affinity, id }), { success: true, error: '' });
  }
  for (const id of ['s1', 's2', 's3', 's1']) assert.equal(await backendOf(id), 'b');
});

test('SetAffinity to the backend that the key has is no error; to another it is, and the key stays', async () => {
  await control.setAffinity({ ...affinity, id: 'fixed', backend: 'a' });
  assert.equal((await control.setAffinity({ ...affinity, id: 'fixed', backend: 'a' })).success, true);
  const { success, error } = await control.setAffinity({ ...affinity, id: 'fixed', backend: 'b' });
  assert.equal(success, false);
  assert.match(String(error), /backend a\b/, 'names the backend that has it');
  assert.equal(await backendOf('fixed'), 'a');
});

test('SetAffinity says what is unknown', async () => {
  for (const part of ['router', 'route', 'cluster', 'backend']) {
    const { success, error } = await control.setAffinity({ ...affinity, id: 'never', [part]: 'wrong-name' });
    assert.equal(success, false, part);
    assert.match(String(error), new RegExp(`\\b${part}\\b`, 'i'));
    assert.match(String(error), /wrong-name/);
  }
});

test('SetAffinity on a route that has no affinity is an error', async () => {
  const { success, error } = await control.setAffinity({
    ...affinity,
    route: 'moving',
    cluster: 'moving',
    backend: 'm',
  });
  assert.equal(success, false);
  assert.notEqual(error, '');
});

test('SetConnection says what is unknown', async () => {
  const right = connection('moving', 'm', 'm1', spare.port);
  for (const part of ['cluster', 'backend', 'connection']) {
    const { success, error } = await control.setConnection({ ...right, [part]: 'wrong-name' });
    assert.equal(success, false, part);
    assert.match(String(error), new RegExp(`\\b${part}\\b`, 'i'));
    assert.match(String(error), /wrong-name/);
  }
});

test('SetConnection refuses an address that is none', async () => {
  const right = connection('moving', 'm', 'm1', spare.port);
  for (const wrong of [{ addr: '' }, { port: '0' }, { port: '65536' }, { port: '18446744073709551615' }]) {
    const { success, error } = await control.setConnection({ ...right, ...wrong });
    assert.equal(success, false, JSON.stringify(wrong));
    assert.notEqual(error, '');
  }
});

test('a connection with no address in the file waits for SetConnection', async () => {
  assert.equal((await bed.client.call('Aim', {})).code, 14);
  const answer = await control.setConnection(connection('later', 'l', 'l1', bed.replica('l1').port));
  assert.deepEqual(answer, { success: true, error: '' });
  await bed.daemon.untilOpen(['l1']);
  const { code, messages } = await bed.client.call('Aim', {});
  assert.equal(code, 0);
  assert.equal(messages[0]!.replica, 'l1');
});

test('SetConnection moves a connection: requests in progress are caught up there, the old address drains', async () => {
  const at = new Map<string, ReplicaCall>();
  const collect = (call: ReplicaCall) => void at.set(call.replica, call);
  bed.handle(collect);
  spare.handler = collect;
  const call = bed.client.open('ServerStream').send({ key: 'moved' }).halfClose();
  await eventually('both have it', () => at.has('m1') && at.has('m2'));

  const from = bed.daemon.lines.length;
  assert.equal((await control.setConnection(connection('moving', 'm', 'm2', spare.port))).success, true);
  const late = await eventually('the new address has the request', () => at.get('spare'));
  await eventually('all of it', () => late.halfClosed);
  assert.deepEqual(late.requests, at.get('m1')!.requests);
  assert.deepEqual(late.meta(SERIAL_KEY), at.get('m1')!.meta(SERIAL_KEY));

  for (const name of ['m2', 'm1', 'spare']) {
    const each = at.get(name)!;
    assert.equal(each.cancelled, false, `${name} goes on`);
    each.answer(answerTo(each, {}));
    each.end();
  }
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.deepEqual(messages.map(({ replica }) => replica).sort(), ['m1', 'm2', 'spare']);
  await eventually(
    'the old connection is closed when its last stream has ended',
    () => bed.replica('m2').connections === 0,
  );
  assert.ok(bed.daemon.lines.length > from, 'it is logged');

  bed.handle();
  spare.handler = echo;
  const { messages: after } = await bed.client.call('ServerStream', { key: 'new' });
  assert.deepEqual(after.map(({ replica }) => replica).sort(), ['m1', 'spare']);
});

test('SetConnection to the address it has changes nothing', async () => {
  const { accepted } = bed.replica('m1');
  assert.equal((await control.setConnection(connection('moving', 'm', 'm1', bed.replica('m1').port))).success, true);
  const { code } = await bed.client.call('ServerStream', { key: 'same' });
  assert.equal(code, 0);
  assert.equal(bed.replica('m1').accepted, accepted);
});
