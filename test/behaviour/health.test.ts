import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Bed, type BedPlan, roundRobin } from '../support/bed.js';
import { ServiceClient } from '../support/client.js';
import { Daemon } from '../support/daemon.js';
import { eventually, within } from '../support/eventually.js';
import { freePorts } from '../support/free-ports.js';
import { loadService, type Message } from '../support/service.js';

const healthService = loadService('health.proto', 'grpc.health.v1.Health');

function start(plan: Partial<BedPlan> = {}): Promise<Bed> {
  return Bed.start({
    clusters: { pair: { a: ['a1', 'a2'] }, single: { b: ['b1'] } },
    routes: [roundRobin('one', 'pair', ['Unary']), roundRobin('other', 'single', ['ServerStream'])],
    admin: true,
    ...plan,
  });
}

function statuses(messages: readonly Message[]): string[] {
  return messages.map(({ status }) => String(status));
}

describe('the admin server', () => {
  let bed: Bed;
  before(async () => {
    bed = await start();
  });
  after(() => bed.stop());

  test('answers probes and scrapes, and nothing else', async () => {
    assert.deepEqual(await bed.admin.probe('/livez'), { status: 200, reasons: [] });
    assert.deepEqual(await bed.admin.probe('/readyz'), { status: 200, reasons: [] });
    assert.equal((await bed.admin.get('/metrics')).status, 200);
    for (const path of ['/', '/metrics/', '/debug', '/livez/x']) {
      assert.equal((await bed.admin.get(path)).status, 404, path);
    }
    for (const method of ['POST', 'PUT', 'DELETE']) {
      assert.equal((await bed.admin.get('/livez', method)).status, 404, method);
    }
  });

  test('cuts off who sends too much, and goes on', async () => {
    const socket = connect(bed.admin.port, '127.0.0.1');
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });
    socket.write(`GET /livez HTTP/1.1\r\nhost: x\r\nlong: ${'x'.repeat(100_000)}\r\n\r\n`);
    assert.match(await within('the connection closes', answer), /^(HTTP\/1\.1 431 |$)/);
    assert.equal((await bed.admin.probe('/livez')).status, 200);
  });
});

describe('readiness', () => {
  test('goes with the last replica of a cluster and comes with the first', async () => {
    const bed = await start();
    try {
      await bed.kill('a1');
      assert.equal((await bed.admin.probe('/readyz')).status, 200, 'one replica of two is enough');
      await bed.kill('a2');
      assert.deepEqual(await bed.admin.probe('/readyz'), {
        status: 503,
        reasons: ['cluster pair: no backend has an open connection'],
      });
      assert.equal((await bed.admin.probe('/livez')).status, 200, 'a lost replica is no reason to restart the router');
      await bed.revive('a2');
      assert.equal((await bed.admin.probe('/readyz')).status, 200);
    } finally {
      await bed.stop();
    }
  });

  test('all-connections: every replica counts, but not one without an address', async () => {
    const bed = await start({ unset: ['b1'], daemon: { env: { AFROUTER_READY_POLICY: 'all-connections' } } });
    try {
      assert.equal((await bed.admin.probe('/readyz')).status, 200);
      await bed.kill('a1');
      assert.deepEqual((await bed.admin.probe('/readyz')).reasons, [
        'cluster pair: connection a1 of backend a is not open',
      ]);
    } finally {
      await bed.stop();
    }
  });

  test('is over as soon as the router drains, while calls still finish', async () => {
    const bed = await start();
    try {
      const call = bed.client.open('Unary').send({ key: 'k' });
      await eventually('the call is at the replicas', () => bed.callsWithKey('k').length === 2);
      bed.daemon.signal('SIGTERM');
      await bed.daemon.untilLine((line) => line.event === 'draining', 'draining');
      assert.deepEqual(await bed.admin.probe('/readyz'), { status: 503, reasons: ['draining'] });
      assert.equal((await bed.admin.probe('/livez')).status, 200);
      assert.equal((await call.halfClose().outcome).code, 0);
      assert.equal((await bed.daemon.exit).code, 0);
    } finally {
      await bed.stop();
    }
  });
});

test('the routing file says where the admin server listens, and two routers cannot have one port', async () => {
  const [first, second, control, probe] = await freePorts(4);
  const file = (listener: number): object => ({
    servers: [
      {
        name: 's',
        address: '127.0.0.1',
        port: listener,
        type: 'grpc',
        routers: [{ package: 'p', service: 'S', router: 'r' }],
      },
    ],
    routers: [{ name: 'r', package: 'p', service: 'S', routes: [roundRobin('all', 'c')] }],
    backend_clusters: [
      { name: 'c', backends: [{ name: 'b', type: 'server', connections: [{ name: 'x', addr: '', port: '' }] }] },
    ],
    api: { address: '127.0.0.1', port: control, probeHost: '127.0.0.1', probePort: probe },
  });
  const env = { AFROUTER_ADMIN_PORT: 'auto' };
  const daemon = await Daemon.start(file(first!), { env });
  try {
    const response = await fetch(`http://127.0.0.1:${probe}/readyz`);
    assert.equal(response.status, 200);
    const late = Daemon.spawn(file(second!), { env });
    assert.deepEqual(await late.exit, { code: 1, signal: null });
    assert.match(late.output, new RegExp(`EADDRINUSE.*:${probe}`));
  } finally {
    await daemon.stop();
  }
});

/** The same promises on either port. */
function promises(name: string, plan: Partial<BedPlan>, portOf: (bed: Bed) => number): void {
  describe(`grpc.health.v1.Health on ${name}`, () => {
    let bed: Bed;
    let client: ServiceClient;
    before(async () => {
      bed = await start(plan);
      client = new ServiceClient(healthService, portOf(bed));
    });
    after(async () => {
      client.stop();
      await bed.stop();
    });

    test('Check answers for the router and for a service, NOT_FOUND for others', async () => {
      for (const service of ['', 'afrouter.test.Echo']) {
        const { code, messages } = await client.call('Check', { service });
        assert.equal(code, 0);
        assert.deepEqual(statuses(messages), ['SERVING'], service);
      }
      assert.equal((await client.call('Check', { service: 'afrouter.test.Other' })).code, 5);
    });

    test('Watch tells at once and at each change, until the router drains', async () => {
      const watch = client.open('Watch', { deadlineMs: 60_000 }).send({ service: '' }).halfClose();
      const unknown = client.open('Watch', { deadlineMs: 60_000 }).send({ service: 'x' }).halfClose();
      await watch.untilMessages(1);
      assert.deepEqual(statuses(await unknown.untilMessages(1)), ['SERVICE_UNKNOWN']);
      unknown.cancel();
      await bed.kill('b1');
      await watch.untilMessages(2);
      await bed.revive('b1');
      await watch.untilMessages(3);
      bed.daemon.signal('SIGTERM');
      const { messages } = await within('the watch ends', watch.outcome);
      assert.deepEqual(statuses(messages), ['SERVING', 'NOT_SERVING', 'SERVING', 'NOT_SERVING']);
      assert.equal((await within('the router ends', bed.daemon.exit)).code, 0);
    });
  });
}

promises('the control port', { control: true }, (bed) => bed.controlPort);
promises('a listener', { daemon: { env: { AFROUTER_NORTHBOUND_HEALTH: 'true' } } }, (bed) => bed.port);

test('a listener does not answer for health unless it is asked to', async () => {
  const bed = await start();
  const client = new ServiceClient(healthService, bed.port);
  try {
    assert.equal((await client.call('Check', { service: '' })).code, 12);
  } finally {
    client.stop();
    await bed.stop();
  }
});
