import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Bed, type BedPlan, roundRobin } from '../support/bed.js';
import { ControlClient } from '../support/control.js';
import type { LogLine } from '../support/daemon.js';
import { answerWithoutEnd } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { RawPeer } from '../support/raw-peer.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

const PLAN: BedPlan = {
  clusters: { shards: { a: ['a1', 'a2'] } },
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
    roundRobin('turns', 'shards', ['Unary', 'Bidi', 'Aim']),
  ],
};

const startBed = (env: Readonly<Record<string, string>>): Promise<Bed> => Bed.start({ ...PLAN, daemon: { env } });

function lines(bed: Bed, from = 0): LogLine[] {
  return bed.daemon.lines.slice(from).filter(({ event }) => event === 'call');
}

function untilLines(bed: Bed, count: number, from: number): Promise<LogLine[]> {
  return eventually(`${count} lines in the access log`, () => {
    const found = lines(bed, from);
    return found.length >= count && found;
  });
}

describe('the access log of all calls', () => {
  let bed: Bed;
  before(async () => {
    bed = await startBed({ AFROUTER_ACCESS_LOG: 'all' });
    const control = new ControlClient(bed.controlPort);
    await control.ask('SetLogLevel', { level: 'fatal' });
    control.stop();
  });
  after(() => bed.stop());

  /** Its line; whatever the level, for the access log is asked for by name. */
  const lineOf = async (act: () => Promise<unknown>): Promise<LogLine> => {
    const from = bed.daemon.lines.length;
    await act();
    const [line, ...more] = await untilLines(bed, 1, from);
    assert.deepEqual(more, []);
    return line!;
  };

  test('a call has one line: who, what, where, how it ended, how long each part took, and every replica', async () => {
    const request = { key: 'id-42', payload: Buffer.alloc(1000), plan: { delayMs: 30 } };
    const line = await lineOf(() => bed.client.call('Get', request));
    const {
      call,
      peer,
      time,
      keyHash,
      durationMs,
      routerMs,
      backendMs,
      requestBytes,
      responseBytes,
      replicas,
      ...rest
    } = line;
    assert.deepEqual(rest, {
      level: 'info',
      thread: 'main',
      event: 'call',
      listener: 'north',
      method: '/afrouter.test.Echo/Get',
      route: 'by-key',
      cluster: 'shards',
      backend: 'a',
      status: 'OK',
      msg: 'call ended',
    });
    assert.match(String(call), /^north\/\d+\/\d+$/);
    assert.match(String(peer), /^127\.0\.0\.1:\d+$/);
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.match(String(keyHash), /^[0-9a-f]{16}$/);
    assert.ok(Number(backendMs) >= 29, `${backendMs} ms`);
    assert.ok(Number(durationMs) >= Number(backendMs) && Number(routerMs) >= 0);
    assert.ok(Math.abs(Number(durationMs) - Number(routerMs) - Number(backendMs)) < 0.01);
    assert.ok(Number(requestBytes) > 1000 && Number(responseBytes) > 1000);
    const legs = replicas as { connection: string; outcome: string; ms: number }[];
    assert.deepEqual(legs.map(({ connection }) => connection).sort(), ['a1', 'a2']);
    assert.deepEqual(legs.map(({ outcome }) => outcome).sort(), ['active', 'discarded']);
    assert.ok(legs.every(({ ms }) => ms >= 29));
  });

  test('one key has one hash, another key another one, and the key itself is nowhere in the log', async () => {
    const hash = async (key: string) => (await lineOf(() => bed.client.call('Get', { key }))).keyHash;
    const first = await hash('customer-secret-7');
    assert.equal(await hash('customer-secret-7'), first);
    assert.notEqual(await hash('customer-secret-8'), first);
    assert.ok(!bed.daemon.output.includes('customer-secret'));
  });

  test('metadata and messages are nowhere in the log; of the trace context the trace id is', async () => {
    const metadata = {
      traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
      tracestate: 'a=hidden',
      authorization: 'hidden',
    };
    const request = { key: 'k', plan: { status: 3, statusMessage: 'hidden' } };
    const line = await lineOf(() => bed.client.call('Unary', request, { metadata }));
    assert.equal(line.trace, TRACE);
    assert.equal(line.status, 'INVALID_ARGUMENT');
    const bad = await lineOf(() => bed.client.call('Unary', {}, { metadata: { traceparent: 'hidden' } }));
    assert.equal(bad.trace, undefined);
    assert.ok(!bed.daemon.output.includes('hidden'));
  });

  test('a call that is cancelled says on which replicas it was', async () => {
    bed.handle(answerWithoutEnd);
    const line = await lineOf(async () => {
      const call = bed.client.open('Bidi');
      call.send({ key: 'cancelled' });
      await call.untilMessages(2);
      call.cancel();
    });
    bed.handle();
    assert.equal(line.status, 'CANCELLED');
    assert.equal(line.backendMs, undefined);
    const legs = line.replicas as { connection: string; outcome: string }[];
    assert.deepEqual(legs.map(({ connection, outcome }) => `${connection} ${outcome}`).sort(), [
      'a1 cancelled',
      'a2 cancelled',
    ]);
  });

  test('a call whose deadline passes says on which replicas it was', async () => {
    const line = await lineOf(() => bed.client.call('Unary', { plan: { hang: true } }, { deadlineMs: 100 }));
    assert.match(String(line.status), /^(DEADLINE_EXCEEDED|CANCELLED)$/);
    assert.equal((line.replicas as unknown[]).length, 2);
  });

  test('a call that no route takes, and a request that is no gRPC, have a line', async () => {
    const peer = await RawPeer.dial(bed.port);
    const unrouted = await lineOf(async () => {
      peer.call(1, '/no.Such/Thing');
      await peer.untilAnswered(1);
    });
    assert.equal(unrouted.status, 'UNIMPLEMENTED');
    assert.deepEqual([unrouted.route, unrouted.backend, unrouted.replicas], ['', '', []]);
    peer.destroy();
    const web = await RawPeer.dial(bed.port);
    const rejected = await lineOf(async () => {
      web.request(1, '/a.B/C', [['content-type', 'text/html']]);
      web.halfClose(1);
      await web.untilAnswered(1);
    });
    assert.equal(rejected.http, 415);
    assert.equal(rejected.status, undefined);
    web.destroy();
  });

  test('a method name made to break the log gives one line that can be parsed, and the daemon goes on', async () => {
    const peer = await RawPeer.dial(bed.port);
    const path = `/${'"}\\{%'.repeat(2000)}`;
    const line = await lineOf(async () => {
      peer.call(1, path);
      await peer.untilAnswered(1);
    });
    assert.ok(String(line.method).startsWith('/"}\\{%25"}\\{%25'));
    assert.ok(String(line.method).length <= 257);
    peer.destroy();
    for (const text of bed.daemon.output.trimEnd().split('\n')) JSON.parse(text);
  });

  test('ListCalls names a call as its line does', async () => {
    const control = new ControlClient(bed.controlPort);
    const call = bed.client.open('Bidi');
    call.send({ key: 'named' });
    await call.untilMessages(2);
    const { calls } = await control.ask<{ calls: { name: string }[] }>('ListCalls');
    control.stop();
    const line = await lineOf(() => call.halfClose().outcome);
    assert.deepEqual(
      calls.map(({ name }) => name),
      [line.call],
    );
  });

  test('a thousand calls have a thousand lines, and what they say of replicas holds', async () => {
    const from = bed.daemon.lines.length;
    await Promise.all(Array.from({ length: 1000 }, (_, i) => bed.client.call('Get', { key: String(i % 50) })));
    const found = await untilLines(bed, 1000, from);
    assert.equal(found.length, 1000);
    assert.equal(new Set(found.map(({ call }) => call)).size, 1000);
    assert.equal(new Set(found.map(({ keyHash }) => keyHash)).size, 50);
    for (const { replicas } of found) {
      const outcomes = (replicas as { outcome: string }[]).map(({ outcome }) => outcome).sort();
      assert.deepEqual(outcomes, ['active', 'discarded']);
    }
  });
});

test('the access log of errors has those, and no call that went well', async () => {
  const bed = await startBed({ AFROUTER_ACCESS_LOG: 'errors', AFROUTER_LOG_KEYS: 'true' });
  try {
    for (let i = 0; i < 5; i++) await bed.client.call('Get', { key: `k\n${i}`, plan: { status: i === 3 ? 5 : 0 } });
    await bed.client.call('Aim', { plan: { status: 13 } });
    const found = await untilLines(bed, 2, 0);
    assert.deepEqual(
      found.map(({ status, key }) => [status, key]),
      [
        ['NOT_FOUND', 'k%0A3'],
        ['INTERNAL', undefined],
      ],
    );
  } finally {
    await bed.stop();
  }
});

test('the sampled access log has about one call in so many', async () => {
  const bed = await startBed({ AFROUTER_ACCESS_LOG: 'sampled', AFROUTER_ACCESS_LOG_SAMPLE: '4' });
  try {
    await Promise.all(Array.from({ length: 400 }, () => bed.client.call('Unary', {})));
    // 100 are expected; that it is fewer than 40 or more than 160 happens once in 10^11 runs.
    const found = await untilLines(bed, 40, 0);
    assert.ok(found.length <= 160, `${found.length} lines`);
  } finally {
    await bed.stop();
  }
});

test('routers with the same secret write the same hashes; without one each start has its own', async () => {
  const hashOf = async (env: Readonly<Record<string, string>>): Promise<unknown> => {
    const bed = await startBed({ AFROUTER_ACCESS_LOG: 'all', ...env });
    try {
      await bed.client.call('Get', { key: '42' });
      return (await untilLines(bed, 1, 0))[0]!.keyHash;
    } finally {
      await bed.stop();
    }
  };
  const secret = { AFROUTER_LOG_HASH_KEY: 'correct-horse-battery' };
  assert.equal(await hashOf(secret), await hashOf(secret));
  assert.notEqual(await hashOf({}), await hashOf({}));
});

test('by default no call has a line', async () => {
  const bed = await startBed({});
  try {
    await bed.client.call('Get', { key: 'k', plan: { status: 13 } });
    await bed.client.call('Unary', {});
    await bed.daemon.stop();
    assert.deepEqual(lines(bed), []);
  } finally {
    await bed.stop();
  }
});
