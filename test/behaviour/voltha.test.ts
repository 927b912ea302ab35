import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CallSettings, Outcome } from '../support/client.js';
import { ServiceClient } from '../support/client.js';
import { Daemon } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { isFree } from '../support/free-ports.js';
import { Replica } from '../support/replica.js';
import type { ReplicaCall } from '../support/replica-call.js';
import type { Message, Service } from '../support/service.js';
import { volthaFile, volthaIsThere, volthaService } from '../support/voltha.js';

const SERIAL = 'voltha_serial_number';
const BINDING = 'voltha_backend_name';
/** As arouter_test.json has them: this test runs the file unchanged. */
const LISTENER = 5000;
const API = 55554;
const REPLICAS: Readonly<Record<string, number>> = {
  vcore11: 5011,
  vcore12: 5012,
  vcore21: 5021,
  vcore22: 5022,
  vcore31: 5031,
  vcore32: 5032,
};

let skip: string | false = volthaIsThere ? false : '../shared/voltha is absent';
if (!skip) {
  for (const port of [LISTENER, API, ...Object.values(REPLICAS)]) {
    if (!(await isFree(port))) skip = `port ${port}, which arouter_test.json names, is in use`;
  }
}

let service: Service;
let replicas: Replica[] = [];
let daemon: Daemon;
let client: ServiceClient;
let made = 0;

/** A core: creates devices with new ids, and gives everything back that it is asked for. */
function core(call: ReplicaCall): void {
  const { responseStream } = service[call.method]!;
  call.whenHalfClosed(() => {
    const request = call.requests[0] ?? {};
    // Both replicas of a backend must make the same id: they see the same serial number.
    if (call.method === 'CreateDevice') call.answer({ ...request, id: `device-${call.meta(SERIAL)[0]}` });
    else if (!responseStream) call.answer({});
    call.end();
  });
}

before(async () => {
  if (skip) return;
  service = volthaService();
  replicas = await Promise.all(
    Object.entries(REPLICAS).map(([name, port]) => Replica.start(name, service, core, port)),
  );
  daemon = await Daemon.start({}, { file: volthaFile('arouter_test.json') });
  await daemon.untilOpen(Object.keys(REPLICAS));
  client = new ServiceClient(service, LISTENER);
});

after(async () => {
  if (skip) return;
  client.stop();
  await daemon.stop();
  for (const replica of replicas) await replica.kill();
});

interface Seen {
  readonly outcome: Outcome<Message>;
  /** `vcore1` for its two replicas. */
  readonly backend: string;
  readonly calls: readonly ReplicaCall[];
}

/** Makes a call and finds both replicas that received it. */
async function call(method: string, request: Message = {}, settings?: CallSettings): Promise<Seen> {
  const before = new Map(replicas.map((replica) => [replica, replica.calls.length]));
  const outcome = await client.call(method, request, settings);
  assert.equal(outcome.code, 0, outcome.details);
  const calls = await eventually('two replicas have the call', () => {
    const fresh = replicas.flatMap((replica) => replica.calls.slice(before.get(replica)));
    return fresh.length >= 2 && fresh.every(({ halfClosed }) => halfClosed) && fresh;
  });
  assert.equal(calls.length, 2);
  const backends = new Set(calls.map(({ replica }) => replica.slice(0, 'vcore1'.length)));
  assert.equal(backends.size, 1, `one backend: ${calls.map(({ replica }) => replica)}`);
  for (const each of calls) assert.equal(each.method, method);
  made++;
  return { outcome, backend: [...backends][0]!, calls };
}

function serialOf({ calls }: Seen): number {
  const serials = calls.map((each) => each.meta(SERIAL));
  assert.deepEqual(serials[0], serials[1], 'both replicas get the same serial number');
  assert.equal(serials[0]!.length, 1);
  return Number(serials[0]![0]);
}

test('both replicas of the backend receive each call with the same serial number, counting from 0 for the cluster', {
  skip,
}, async () => {
  assert.equal(made, 0, 'this is the first test');
  const methods = ['ListDevices', 'UpdateLogLevel', 'GetVoltha', 'ListAdapters', 'UpdateLogLevel'];
  for (const [expected, method] of methods.entries()) assert.equal(serialOf(await call(method)), expected, method);
});

test('backends take turns, for each route by itself', { skip }, async () => {
  const readOnly = [];
  const control = [];
  for (let i = 0; i < 6; i++) {
    readOnly.push((await call('ListDevices')).backend);
    control.push((await call('UpdateLogLevel')).backend);
  }
  for (const turns of [readOnly, control]) {
    assert.deepEqual([...turns.slice(0, 3)].sort(), ['vcore1', 'vcore2', 'vcore3']);
    assert.deepEqual(turns.slice(3), turns.slice(0, 3));
  }
});

test('a key sticks to its backend, for all methods of the route', { skip }, async () => {
  const homes = new Map<string, string>();
  for (const id of ['k1', 'k2', 'k3', 'k4']) homes.set(id, (await call('EnableDevice', { id })).backend);
  assert.equal(new Set(homes.values()).size, 3);
  for (const [id, home] of homes) {
    assert.equal((await call('DisableDevice', { id })).backend, home);
    assert.equal((await call('RebootDevice', { id })).backend, home);
    assert.equal((await call('DownloadImage', { id, name: 'image' })).backend, home);
  }
});

test('the id in the reply of CreateDevice is bound to the backend that created it', { skip }, async () => {
  const homes = new Map<string, string>();
  for (let i = 0; i < 6; i++) {
    const { outcome, backend } = await call('CreateDevice', { type: 'simulated_olt' });
    homes.set(String(outcome.messages[0]!.id), backend);
  }
  assert.equal(homes.size, 6);
  assert.equal(new Set(homes.values()).size, 3, 'created in turn');
  for (const [id, home] of homes) assert.equal((await call('EnableDevice', { id })).backend, home);
});

test('Subscribe binds the client: the headers name the backend, and its later calls go there', { skip }, async () => {
  const names = [];
  for (let i = 0; i < 4; i++) {
    const { outcome, backend } = await call('Subscribe', {}, { metadata: { [BINDING]: '' } });
    const value = outcome.headers!.get(BINDING);
    assert.deepEqual(value, [backend]);
    names.push(backend);
    for (const method of ['ListLogicalDevices', 'ListDeviceFlows', 'UpdateLogicalDeviceFlowTable']) {
      assert.equal((await call(method, {}, { metadata: { [BINDING]: backend } })).backend, backend, method);
    }
  }
  assert.equal(new Set(names).size, 3);
});

test('a stream of packets out goes to the bound backend, every packet to both replicas', { skip }, async () => {
  const before = new Map(replicas.map((replica) => [replica.name, replica.calls.length]));
  const { code, details } = await client.call('StreamPacketsOut', [{ id: 'p1' }, { id: 'p2' }, { id: 'p3' }], {
    metadata: { [BINDING]: 'vcore2' },
  });
  assert.equal(code, 0, details);
  for (const name of ['vcore21', 'vcore22']) {
    const replica = replicas.find((each) => each.name === name)!;
    const [got] = replica.calls.slice(before.get(name));
    assert.deepEqual(
      got!.requests.map(({ id }) => id),
      ['p1', 'p2', 'p3'],
    );
  }
});

test('a method that no route names is UNIMPLEMENTED', { skip }, async () => {
  const { code, details } = await client.call('GetMembership', {});
  assert.equal(code, 12);
  assert.ok(details.includes('/voltha.VolthaService/GetMembership'), details);
});
