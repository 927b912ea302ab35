import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { Bed, type BedPlan, roundRobin, routingFile } from '../support/bed.js';
import { Authority, CertificateDirectory, HERE } from '../support/certificates.js';
import { EchoClient } from '../support/client.js';
import { ControlClient } from '../support/control.js';
import { delay, eventually } from '../support/eventually.js';
import { Flag, Type } from '../support/frames.js';
import { freePort } from '../support/free-ports.js';
import { RawPeer } from '../support/raw-peer.js';
import type { ReplicaCall } from '../support/replica-call.js';

const KEYED = {
  name: 'keyed',
  type: 'rpc_affinity_message',
  association: 'round_robin',
  routing_field: 'key',
  backend_cluster: 'shards',
  methods: ['Get', 'Bidi'],
};

/** Four replicas are up; a plan uses some of them. */
const EVERYTHING: BedPlan = {
  clusters: { shards: { a: ['a1'], b: ['b1'] }, others: { c: ['c1'], d: ['d1'] } },
  routes: [KEYED, roundRobin('all', 'shards')],
  control: true,
};

function plan(change: Partial<BedPlan>): BedPlan {
  return { ...EVERYTHING, ...change };
}

let bed: Bed;

before(async () => {
  bed = await Bed.start(EVERYTHING);
});
after(() => bed.stop());
beforeEach(async () => {
  bed.handle();
  await reload(EVERYTHING);
});

function file(of: BedPlan): Record<string, unknown> {
  return routingFile(of, bed.port, bed.controlPort, bed.replicas) as Record<string, unknown>;
}

async function reload(to: BedPlan): Promise<void> {
  const line = await bed.daemon.reload(file(to));
  assert.equal(line.event, 'config_applied', JSON.stringify(line));
}

async function calls(): Promise<{ state: string; backend: string }[]> {
  const control = new ControlClient(bed.controlPort);
  const list = await control.ask<{ calls: { state: string; backend: string }[] }>('ListCalls');
  control.stop();
  return list.calls;
}

/** A worker forgets a backend that is gone when it next looks, a second later. */
function forgotten(): Promise<void> {
  return delay(1500);
}

async function ownerOf(key: string, method = 'Get'): Promise<string> {
  const outcome = await bed.client.call(method, { key });
  assert.equal(outcome.code, 0, outcome.details);
  return String(outcome.messages[0]!.replica).slice(0, 1);
}

test('who watches a cluster is told all of it anew when backends come and go, and NOT_FOUND when it is gone', async () => {
  const control = new ControlClient(bed.controlPort);
  const watch = control.open('WatchClusters').send({ cluster: 'others' }).halfClose();
  const told = () =>
    watch.messages.map((event) => {
      const { snapshot } = event as unknown as { snapshot?: { clusters: { backends: { name: string }[] }[] } };
      return snapshot?.clusters[0]?.backends.map(({ name }) => name).join(' ');
    });
  await watch.untilMessages(1);
  assert.deepEqual(told(), ['c d']);
  await reload(plan({ clusters: { ...EVERYTHING.clusters, others: { d: ['d1'] } } }));
  await eventually('one backend is left', () => told().includes('d'));
  await reload(plan({ clusters: { shards: EVERYTHING.clusters.shards! } }));
  const { code, details } = await watch.outcome;
  assert.deepEqual([code, details], [5, 'unknown cluster "others"']);
  control.stop();
});

test('calls on a backend that a new configuration removed are listed until they end', async () => {
  const calls: ReplicaCall[] = [];
  bed.handle((call) => void calls.push(call));
  const call = bed.client.open('Bidi').send({ key: 'last' });
  await eventually('a replica has it', () => calls.length === 1);
  const backend = calls[0]!.replica.slice(0, 1);
  const kept = backend === 'a' ? { b: ['b1'] } : { a: ['a1'] };
  await reload(plan({ clusters: { ...EVERYTHING.clusters, shards: kept } }));
  const control = new ControlClient(bed.controlPort);
  const listed = await control.ask<{ calls: { backend: string }[] }>('ListCalls');
  assert.deepEqual(
    listed.calls.map((each) => each.backend),
    [backend],
  );
  calls[0]!.end();
  assert.equal((await call.outcome).code, 0);
  control.stop();
});

test('a backend that is added gets its turn, one that is removed gets no more', async () => {
  await reload(plan({ clusters: { shards: { a: ['a1'], b: ['b1'], c: ['c1'] } } }));
  const met = new Set<string>();
  for (let i = 0; i < 6; i++) met.add(await ownerOf('any', 'Unary'));
  assert.deepEqual([...met].sort(), ['a', 'b', 'c']);
  await reload(plan({ clusters: { shards: { b: ['b1'] } } }));
  for (let i = 0; i < 4; i++) assert.equal(await ownerOf('any', 'Unary'), 'b');
});

test('keys of backends that stay are kept, keys of one that is gone find another', async () => {
  const owners = new Map<string, string>();
  for (let i = 0; i < 10; i++) owners.set(`key-${i}`, await ownerOf(`key-${i}`));
  assert.deepEqual([...new Set(owners.values())].sort(), ['a', 'b']);
  await reload(plan({ clusters: { shards: { a: ['a1'], c: ['c1'] } } }));
  for (const [key, owner] of owners) {
    const now = await ownerOf(key);
    if (owner === 'a') assert.equal(now, 'a');
    else assert.notEqual(now, 'b');
  }
});

test('a backend that changes its type keeps its keys', async () => {
  const owner = await ownerOf('typed');
  const single = (name: string) => ({ replicas: [name], type: 'server' as const });
  await reload(plan({ clusters: { shards: { a: single('a1'), b: single('b1') } } }));
  assert.equal(await ownerOf('typed'), owner);
});

test('calls in flight are not disturbed, also on a backend and a listener that are gone', async () => {
  const port = await freePort();
  const two = file(EVERYTHING);
  const [server] = two.servers as object[];
  two.servers = [server, { ...server, name: 'second', port }];
  assert.equal((await bed.daemon.reload(two)).event, 'config_applied');
  const other = new EchoClient(port);
  const call = other.open('Bidi').send({ key: 'in-flight' });
  await eventually('it is answered', () => call.messages.length === 1);
  const owner = String(call.messages[0]!.replica).slice(0, 1);
  const rest = owner === 'a' ? { b: ['b1'] } : { a: ['a1'] };
  await reload(plan({ clusters: { shards: rest } }));
  call.send({ key: 'in-flight' });
  await eventually('it goes on', () => call.messages.length === 2);
  call.halfClose();
  assert.equal((await call.outcome).code, 0);
  other.stop();
  await eventually('the port is closed', async () => {
    const probe = createServer();
    const free = await new Promise((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => probe.close(resolve));
    return free;
  });
});

test('a call that waits for its first message goes where the new configuration says', async () => {
  for (const change of [
    { clusters: { shards: { c: ['c1'] } } },
    { clusters: { shards: { d: ['d1'] } }, routes: [roundRobin('all', 'shards')] },
  ]) {
    await reload(EVERYTHING);
    const call = bed.client.open('Get');
    await eventually('it waits', async () => (await calls()).some(({ state }) => state === 'HOLDING'));
    await reload(plan(change));
    await forgotten();
    const { code, details, messages } = await call.send({ key: 'late' }).halfClose().outcome;
    assert.equal(code, 0, details);
    assert.equal(String(messages[0]!.replica).slice(0, 1), Object.keys(change.clusters.shards)[0]);
  }
  await reload(EVERYTHING);
  const call = bed.client.open('Get');
  await eventually('it waits', async () => (await calls()).some(({ state }) => state === 'HOLDING'));
  await reload(plan({ routes: [roundRobin('some', 'shards', ['Unary'])] }));
  assert.equal((await call.send({ key: 'late' }).outcome).code, 12, 'no route has the method any more');
});

test('a call that goes on at a backend which is gone is still listed', async () => {
  await reload(plan({ clusters: { shards: { c: ['c1'] } } }));
  bed.handle(() => {});
  const call = bed.client.open('ServerStream').send({ key: 'listed' });
  await eventually('it is there', async () => (await calls()).some(({ backend }) => backend === 'c'));
  await reload(EVERYTHING);
  assert.ok((await calls()).some(({ backend }) => backend === 'c'));
  call.cancel();
});

test('a client of a listener that is gone cannot call a backend that is gone', async () => {
  const port = await freePort();
  const two = file(plan({ clusters: { shards: { c: ['c1'] } } }));
  const [server] = two.servers as object[];
  two.servers = [server, { ...server, name: 'second', port }];
  assert.equal((await bed.daemon.reload(two)).event, 'config_applied');
  const peer = await RawPeer.dial(port);
  await peer.untilFrame(
    'our SETTINGS are acknowledged',
    ({ type, flags }) => type === Type.SETTINGS && flags === Flag.ACK,
  );
  // It does not answer the PING between the two steps of GOAWAY, so the second has not been taken yet.
  peer.silent = true;
  bed.handle(() => {});
  peer.request(1, '/afrouter.test.Echo/ServerStream');
  await eventually('it is there', async () => (await calls()).some(({ backend }) => backend === 'c'));
  await reload(EVERYTHING);
  peer.reset(1, 8);
  await forgotten();
  peer.request(3, '/afrouter.test.Echo/Unary');
  await peer.untilAnswered(3);
  peer.destroy();
  bed.handle();
  assert.match(await ownerOf('any', 'Unary'), /a|b/);
  assert.ok(!bed.daemon.lines.some(({ event }) => event === 'worker_died'), 'no worker died of it');
});

test('a wrong file is rejected with all its errors, and nothing changes', async () => {
  const wrong = file(EVERYTHING);
  const cluster = (wrong.backend_clusters as { backends: unknown[] }[])[0]!;
  cluster.backends = [];
  wrong.api = { address: 'x', port: 'no' };
  const line = await bed.daemon.reload(wrong);
  assert.equal(line.event, 'config_rejected');
  const errors = line.errors as string[];
  assert.ok(
    errors.some((error) => error.includes('backend_clusters[0].backends')),
    errors.join('\n'),
  );
  assert.ok(
    errors.some((error) => error.includes('api.port')),
    errors.join('\n'),
  );
  assert.ok(['a', 'b'].includes(await ownerOf('still', 'Unary')));
});

test('clients that come to a new port and leave before it is served do no harm', async () => {
  const port = await freePort();
  // A backend that is down holds the change up for a while, with the port open.
  const next = file(plan({ clusters: { shards: { a: ['a1'], c: ['c1'] } } }));
  const [{ backends }] = next.backend_clusters as [{ backends: { connections: object[] }[] }];
  backends[1]!.connections = [{ name: 'down', addr: '127.0.0.1', port: await freePort() }];
  const [server] = next.servers as object[];
  next.servers = [server, { ...server, name: 'second', port }];
  const applied = bed.daemon.reload(next);
  const stays = await eventually('the port is open', () => RawPeer.dial(port).catch(() => undefined));
  for (let i = 0; i < 20; i++) (await RawPeer.dial(port)).socket.resetAndDestroy();
  assert.equal((await applied).event, 'config_applied');
  stays.call(1, '/afrouter.test.Echo/Unary');
  await stays.untilAnswered(1);
  stays.destroy();
  assert.equal(bed.daemon.exited, null);
});

test('a port that cannot be had rejects the whole change', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const wrong = file(plan({ clusters: { shards: { c: ['c1'] } } }));
  const [server] = wrong.servers as object[];
  wrong.servers = [server, { ...server, name: 'second', port }];
  const line = await bed.daemon.reload(wrong);
  assert.equal(line.event, 'config_rejected');
  assert.match(String(line.errors), /EADDRINUSE/);
  for (let i = 0; i < 3; i++) assert.ok(['a', 'b'].includes(await ownerOf('any', 'Unary')));
  taken.close();
});

test('routes change: a method goes by another route', async () => {
  const owner = await ownerOf('routed');
  await reload(plan({ routes: [roundRobin('everything', 'others')] }));
  const met = new Set<string>();
  for (let i = 0; i < 4; i++) met.add(await ownerOf('routed'));
  assert.deepEqual([...met].sort(), ['c', 'd']);
  await reload(EVERYTHING);
  assert.ok(['a', 'b'].includes(owner));
});

test('the log says what has changed', async () => {
  const line = await bed.daemon.reload(file(plan({ clusters: { shards: { a: ['a1'], c: ['c1'] } } })));
  assert.deepEqual(line.added, ['backend shards/c', 'connection shards/c/c1']);
  assert.ok((line.removed as string[]).includes('backend shards/b'));
});

test('an address that SetConnection gave stays until the file has another one', async () => {
  const moved = { cluster: 'shards', backend: 'a', connection: 'a1', addr: '127.0.0.1', port: bed.replica('c1').port };
  const control = new ControlClient(bed.controlPort);
  assert.equal((await control.setConnection(moved)).success, true);
  control.stop();
  const only = { shards: { a: ['a1'] } };
  const firstOf = async (): Promise<string> =>
    String((await bed.client.call('Unary', { key: 'k' })).messages[0]!.replica);
  await reload(plan({ clusters: only }));
  await eventually('the call goes to c1', async () => (await firstOf()) === 'c1');
  await reload(plan({ clusters: { ...only, others: { d: ['d1'] } } }));
  assert.equal(await firstOf(), 'c1');
  const changed = file(plan({ clusters: only }));
  const [cluster] = changed.backend_clusters as { backends: { connections: object[] }[] }[];
  cluster!.backends[0]!.connections = [{ name: 'a1', addr: '127.0.0.1', port: bed.replica('d1').port }];
  assert.equal((await bed.daemon.reload(changed)).event, 'config_applied');
  await eventually('the call goes to d1', async () => (await firstOf()) === 'd1');
});

test('a replica that is added is caught up on calls in flight', async () => {
  const at: ReplicaCall[] = [];
  bed.handle((call) => at.push(call));
  await reload(plan({ clusters: { shards: { a: ['a1'] } } }));
  const call = bed.client.open('ServerStream').send({ key: 'late' }).halfClose();
  await eventually('the first replica has it', () => at.length === 1);
  await reload(plan({ clusters: { shards: { a: ['a1', 'c1'] } } }));
  await eventually('the second replica has it, whole', () => at.length === 2 && at[1]!.halfClosed);
  assert.equal(at[1]!.requests[0]!.key, 'late');
  assert.equal(at[1]!.meta('x-serial')[0], at[0]!.meta('x-serial')[0]);
  call.cancel();
  await call.outcome;
});

test('reloads under load fail no call', async () => {
  let failed = '';
  let calls = 0;
  let stop = false;
  const traffic = Array.from({ length: 4 }, async () => {
    while (!stop) {
      const { code, details } = await bed.client.call('Unary', { key: 'load' });
      calls++;
      if (code !== 0) failed = `${code} ${details}`;
    }
  });
  try {
    for (let i = 0; i < 10; i++) {
      await reload(plan({ clusters: { shards: { b: ['b1'], c: ['c1'] } } }));
      await reload(EVERYTHING);
    }
  } finally {
    stop = true;
    await Promise.all(traffic);
  }
  assert.equal(failed, '');
  assert.ok(calls > 20, `${calls} calls`);
});

test('a file that changes is read without being asked for', async () => {
  const watching = await Bed.start({ ...EVERYTHING, daemon: { env: { AFROUTER_CONFIG_POLL_MS: '50' } } });
  try {
    const now = routingFile({ ...EVERYTHING, routes: [] }, watching.port, watching.controlPort, watching.replicas);
    writeFileSync(watching.daemon.file, JSON.stringify(now));
    const rejected = await watching.daemon.untilLine(({ event }) => event === 'config_rejected', 'rejected');
    assert.equal(rejected.reason, 'file changed');
    const good = { ...EVERYTHING, routes: [roundRobin('only', 'others')] };
    writeFileSync(
      watching.daemon.file,
      JSON.stringify(routingFile(good, watching.port, watching.controlPort, watching.replicas)),
    );
    await watching.daemon.untilLine(({ event }) => event === 'config_applied', 'applied');
    const { messages } = await watching.client.call('Unary', { key: 'x' });
    assert.ok(['c1', 'd1'].includes(String(messages[0]!.replica)));
  } finally {
    await watching.stop();
  }
});

test('a metadata key that becomes an identity key cannot be set any more, also on connections from before', async (context) => {
  const files = new CertificateDirectory();
  context.after(() => files.remove());
  const authority = new Authority('authority');
  const identityKey = 'x-who';
  const seen = async () => {
    const owner = bed.replica(`${await ownerOf('who', 'Unary')}1`);
    const before = owner.calls.length;
    for (let i = 0; i < 8; i++) await bed.client.call('Unary', { key: 'k' }, { metadata: { [identityKey]: 'root' } });
    return [...new Set(owner.calls.slice(before).flatMap((call) => call.meta(identityKey)))];
  };
  assert.deepEqual(await seen(), ['root']);
  const tls = {
    ...files.writePair('server', authority.issue(HERE)),
    ca: files.write('ca.pem', authority.pem),
    identityKey,
  };
  await reload(plan({ tls: { listeners: [{ port: await freePort(), tls }] } }));
  assert.deepEqual(await seen(), []);
  await reload(EVERYTHING);
  assert.deepEqual(await seen(), ['root']);
});
