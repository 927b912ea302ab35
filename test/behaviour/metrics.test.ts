import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Bed, type BedPlan, roundRobin } from '../support/bed.js';
import { eventually } from '../support/eventually.js';
import { Flag, frame, headerBlock, Type } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';
import type { ReplicaCall } from '../support/replica-call.js';
import type { Scrape } from '../support/scrape.js';

const PLAN: BedPlan = {
  clusters: { pair: { a: ['a1', 'a2'] }, single: { s: { replicas: ['s1'], type: 'server' } } },
  routes: [
    roundRobin('both', 'pair', ['Unary', 'ClientStream', 'ServerStream']),
    roundRobin('one', 'single', ['Aim']),
    {
      name: 'keyed',
      type: 'rpc_affinity_message',
      association: 'round_robin',
      routing_field: 'key',
      backend_cluster: 'pair',
      methods: ['Get'],
    },
    {
      name: 'bound',
      type: 'binding',
      association: 'round_robin',
      backend_cluster: 'pair',
      methods: ['Subscribe'],
      binding: { type: 'header', field: 'x-home', method: 'Subscribe', association: 'round_robin' },
    },
  ],
  admin: true,
};

/** How much the sum of some series grew. */
class Growth {
  private readonly before: Scrape;
  private readonly after: Scrape;

  constructor(before: Scrape, after: Scrape) {
    this.before = before;
    this.after = after;
  }

  of(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.after.sum(name, labels) - this.before.sum(name, labels);
  }

  /** `afrouter_calls_total` by what `by` names, without those that did not grow. */
  calls(by: readonly string[]): Record<string, number> {
    const grown: Record<string, number> = {};
    for (const { labels, value } of this.after.matching('afrouter_calls_total')) {
      const growth = value - this.before.sum('afrouter_calls_total', labels);
      const key = by.map((label) => labels[label]).join(' ');
      if (growth > 0) grown[key] = (grown[key] ?? 0) + growth;
    }
    return grown;
  }

  /** Fan-out streams of backend `a` by outcome. */
  get outcomes(): Record<string, number> {
    const outcomes = ['active', 'discarded', 'not-acquired', 'lost', 'cancelled'].map(
      (outcome) => [outcome, this.of('afrouter_fanout_streams_total', { backend: 'a', outcome })] as const,
    );
    return Object.fromEntries(outcomes.filter(([, count]) => count > 0));
  }
}

describe('metrics', () => {
  let bed: Bed;
  let start: Scrape;

  before(async () => {
    bed = await Bed.start({ ...PLAN, daemon: { env: { AFROUTER_DISCARD_GRACE_MS: '100' } } });
  });
  after(() => bed.stop());
  afterEach(() => bed.handle());

  const from = async (): Promise<void> => {
    start = await bed.admin.metrics();
  };

  /** Waits until the streams' ends have been counted: the client has its answer before. */
  const growth = (streams: number): Promise<Growth> =>
    eventually(`${streams} fan-out streams have ended`, async () => {
      const grown = new Growth(start, await bed.admin.metrics());
      return grown.of('afrouter_fanout_streams_total') === streams ? grown : undefined;
    });

  const grownBy = (name: string): Promise<Growth> =>
    eventually(`${name} grows`, async () => {
      const grown = new Growth(start, await bed.admin.metrics());
      return grown.of(name) > 0 ? grown : undefined;
    });

  test('a call is counted once, with its route, method, backend and status, and its duration in every part', async () => {
    await from();
    for (let i = 0; i < 3; i++) assert.equal((await bed.client.call('Unary', { key: 'k' })).code, 0);
    await bed.client.call('Aim', { plan: { status: 5, statusMessage: 'no' } });
    const grown = await growth(7);
    assert.deepEqual(grown.calls(['listener', 'router', 'route', 'method', 'cluster', 'backend', 'status']), {
      'north echo both afrouter.test.Echo/Unary pair a OK': 3,
      'north echo one afrouter.test.Echo/Aim single s NOT_FOUND': 1,
    });
    assert.equal(grown.of('afrouter_call_duration_seconds_count'), 4);
    assert.equal(grown.of('afrouter_call_duration_seconds_bucket', { le: '+Inf' }), 4);
    assert.equal(grown.of('afrouter_router_duration_seconds_count', { route: 'both' }), 3);
    assert.equal(grown.of('afrouter_backend_duration_seconds_count', { backend: 'a' }), 3);
    const total = grown.of('afrouter_call_duration_seconds_sum');
    const parts = grown.of('afrouter_router_duration_seconds_sum') + grown.of('afrouter_backend_duration_seconds_sum');
    assert.ok(total > 0 && Math.abs(total - parts) < 1e-6, `${total} s in all, ${parts} s in parts`);
    assert.deepEqual(grown.outcomes, { active: 3, discarded: 3 });
    for (const direction of ['down', 'up']) assert.ok(grown.of('afrouter_port_bytes_total', { direction }) > 0);
    for (const side of ['client', 'connection']) {
      for (const way of ['received', 'sent']) assert.ok(grown.of(`afrouter_${side}_${way}_bytes_total`) > 0);
    }
  });

  test('the time that a backend takes counts as its, not as the router’s', async () => {
    await from();
    await bed.client.call('Aim', { plan: { delayMs: 300 } });
    const grown = await growth(1);
    assert.ok(grown.of('afrouter_backend_duration_seconds_sum', { backend: 's' }) >= 0.29);
    assert.ok(grown.of('afrouter_router_duration_seconds_sum') < grown.of('afrouter_call_duration_seconds_sum') / 2);
  });

  test('calls that no route takes, that find no replica, that break off', async () => {
    await from();
    const { client } = bed;
    await client.openPath('/no.Such/Method', Buffer.from, (bytes) => bytes as never).halfClose().outcome;
    await client.open('Get').halfClose().outcome;
    bed.handle(() => {});
    const cancelled = client.open('Unary').send({ key: 'c' }).halfClose();
    await eventually('the call is at the replicas', () => bed.callsWithKey('c').length === 2);
    const inFlight = await bed.admin.metrics();
    assert.equal(inFlight.sum('afrouter_calls_in_flight'), 1);
    assert.equal(inFlight.sum('afrouter_requests_in_flight', { backend: 'a' }), 1);
    assert.equal(inFlight.sum('afrouter_replica_streams', { backend: 'a' }), 2);
    assert.ok(inFlight.sum('afrouter_backlog_bytes', { backend: 'a' }) > 0);
    cancelled.cancel();
    const grown = await growth(2);
    assert.deepEqual(grown.calls(['route', 'method', 'backend', 'status']), {
      ' other  UNIMPLEMENTED': 1,
      'keyed afrouter.test.Echo/Get  INVALID_ARGUMENT': 1,
      'both afrouter.test.Echo/Unary a CANCELLED': 1,
    });
    assert.deepEqual(grown.outcomes, { cancelled: 2 });
    assert.equal(grown.of('afrouter_calls_in_flight'), 0);
  });

  test('every outcome of a fan-out: not acquired, lost, discarded after the grace period, merged, held back', async () => {
    const decline = (call: ReplicaCall): void => call.fail(1, 'transaction-not-acquired');
    await from();
    bed.replica('a1').handler = decline;
    assert.equal((await bed.client.call('Unary', { key: 'k' })).code, 0);
    assert.deepEqual((await growth(2)).outcomes, { active: 1, 'not-acquired': 1 });

    bed.handle();
    bed.replica('a1').handler = () => {};
    await from();
    assert.equal((await bed.client.call('Unary', { key: 'k' })).code, 0);
    assert.deepEqual((await growth(2)).outcomes, { active: 1, discarded: 1 });

    bed.handle();
    await from();
    assert.equal((await bed.client.call('ServerStream', { key: 'k' })).messages.length, 2);
    assert.deepEqual((await growth(2)).outcomes, { active: 2 });
    await from();
    assert.equal((await bed.client.call('ClientStream', [{ key: 'k' }, { key: 'l' }])).code, 0);
    assert.deepEqual((await growth(2)).outcomes, { active: 1, discarded: 1 });
  });

  test('deadlines that the router keeps itself are counted', async () => {
    await from();
    const peer = await RawPeer.dial(bed.port);
    // Its route waits for a message that never comes, so no backend can report the deadline.
    peer.request(1, '/afrouter.test.Echo/Get', [['grpc-timeout', '50m']]);
    const grown = await grownBy('afrouter_deadlines_total');
    peer.destroy();
    assert.equal(grown.of('afrouter_deadlines_total'), 1);
    assert.deepEqual(grown.calls(['method', 'backend', 'status']), {
      'afrouter.test.Echo/Get  DEADLINE_EXCEEDED': 1,
    });
  });

  test('tables, threads and the build are described', async () => {
    await bed.client.call('Get', { key: 'first' });
    await bed.client.call('Get', { key: 'second' });
    await bed.client.call('Subscribe', { key: 'k' }, { metadata: { 'x-home': '' } });
    const scrape = await bed.admin.metrics();
    assert.equal(scrape.sum('afrouter_affinity_entries', { router: 'echo', route: 'keyed' }), 2);
    assert.equal(scrape.sum('afrouter_bound_backends', { router: 'echo', route: 'bound' }), 1);
    assert.equal(scrape.sum('afrouter_worker_up'), scrape.matching('afrouter_worker_up').length);
    assert.ok(scrape.sum('afrouter_worker_heap_used_bytes') > 0);
    for (const thread of ['main', 'worker-0']) {
      assert.ok(scrape.sum('afrouter_event_loop_active_seconds_total', { thread }) > 0, thread);
      assert.equal(scrape.matching('afrouter_event_loop_delay_seconds', { thread }).length, 3);
    }
    assert.equal(scrape.sum('afrouter_build_info', { node: process.version }), 1);
    assert.equal(scrape.sum('afrouter_ready'), 1);
    for (const { name } of scrape.series) assert.match(name, /^afrouter_/);
  });

  test('what is not gRPC is no call, and is counted', async () => {
    await from();
    const peer = await RawPeer.dial(bed.port);
    const get = headerBlock([
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'localhost'],
    ]);
    peer.send(frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, get));
    const grown = await grownBy('afrouter_http_rejections_total');
    peer.destroy();
    assert.equal(grown.of('afrouter_http_rejections_total', { reason: 'not_grpc' }), 1);
    assert.equal(grown.of('afrouter_client_connections_accepted_total'), 1);
    assert.equal(grown.of('afrouter_calls_total'), 0);
  });
});

test('a replica that dies and comes back shows in its connection’s state and counters, and in catch-ups', async () => {
  const bed = await Bed.start(PLAN);
  try {
    bed.handle(() => {});
    const call = bed.client.open('Unary').send({ key: 'k' }).halfClose();
    await eventually('the call is at the replicas', () => bed.callsWithKey('k').length === 2);
    await bed.kill('a1');
    const down = await bed.admin.metrics();
    const a1 = { backend: 'a', connection: 'a1' };
    assert.equal(down.sum('afrouter_connection_state', { ...a1, state: 'open' }), 0);
    assert.equal(down.sum('afrouter_connection_state', a1), 1, 'it is in one state');
    assert.equal(down.sum('afrouter_fanout_streams_total', { backend: 'a', outcome: 'lost' }), 1);
    await bed.revive('a1');
    const up = await bed.admin.metrics();
    assert.equal(up.sum('afrouter_connection_state', { ...a1, state: 'open' }), 1);
    assert.equal(up.sum('afrouter_connection_opens_total', a1), 2);
    assert.ok(up.sum('afrouter_connection_dials_total', a1) >= 2);
    assert.equal(up.sum('afrouter_catch_ups_total', { backend: 'a', result: 'done' }), 1);
    assert.equal(up.sum('afrouter_connection_streams', a1), 1);
    call.cancel();
  } finally {
    await bed.stop();
  }
});

test('a request that outgrows its backlog is counted, and so is the catch-up that it costs', async () => {
  const bed = await Bed.start({ ...PLAN, daemon: { env: { AFROUTER_REPLAY_LIMIT: '1000' } } });
  try {
    bed.handle(() => {});
    const call = bed.client
      .open('Unary')
      .send({ key: 'k', payload: Buffer.alloc(5000) })
      .halfClose();
    await eventually('the call is at the replicas', () => bed.callsWithKey('k').length === 2);
    await bed.kill('a1');
    await bed.revive('a1');
    const scrape = await bed.admin.metrics();
    assert.equal(scrape.sum('afrouter_replay_overflows_total', { backend: 'a' }), 1);
    assert.equal(scrape.sum('afrouter_catch_ups_total', { backend: 'a', result: 'refused' }), 1);
    assert.equal(scrape.sum('afrouter_backlog_bytes', { backend: 'a' }), 0);
    call.cancel();
  } finally {
    await bed.stop();
  }
});

test('limits met are counted by name', async () => {
  const bed = await Bed.start({
    ...PLAN,
    daemon: { env: { AFROUTER_MAX_CONNECTIONS: '1', AFROUTER_MAX_CONCURRENT_STREAMS: '1' } },
  });
  try {
    bed.handle(() => {});
    const peer = await RawPeer.dial(bed.port);
    peer.request(1, '/afrouter.test.Echo/Unary');
    peer.request(3, '/afrouter.test.Echo/Unary');
    await peer.untilFrame('the second call is refused', ({ type, stream }) => type === Type.RST_STREAM && stream === 3);
    const late = await RawPeer.dial(bed.port);
    await eventually('the second connection is refused', () => late.closed);
    const scrape = await bed.admin.metrics();
    assert.equal(scrape.sum('afrouter_limit_hits_total', { listener: 'north', limit: 'streams_refused' }), 1);
    assert.equal(scrape.sum('afrouter_limit_hits_total', { listener: 'north', limit: 'connections' }), 1);
    assert.equal(scrape.sum('afrouter_client_connections', { listener: 'north' }), 1);
    peer.destroy();
  } finally {
    await bed.stop();
  }
});

test('a backend that is pinged has a round trip', async () => {
  const bed = await Bed.start({
    ...PLAN,
    daemon: { env: { AFROUTER_BACKEND_KEEPALIVE_MS: '1000', AFROUTER_BACKEND_KEEPALIVE_IDLE: 'true' } },
  });
  try {
    const seconds = await eventually('a PING is answered', async () => {
      const found = (await bed.admin.metrics()).matching('afrouter_connection_ping_seconds', { connection: 's1' });
      return found[0]?.value;
    });
    assert.ok(seconds > 0 && seconds < 10, `${seconds} s`);
  } finally {
    await bed.stop();
  }
});

test('a client that does not read shows as stalls', async () => {
  const bed = await Bed.start(PLAN);
  try {
    const call = bed.client
      .open('ServerStream')
      .send({ plan: { responses: 200, responseBytes: 16_384 } })
      .halfClose();
    call.stream.pause();
    await eventually('answers wait for the client', async () => {
      const scrape = await bed.admin.metrics();
      return scrape.sum('afrouter_client_stalls_total', { cause: 'window' }) > 0;
    });
    call.cancel();
  } finally {
    await bed.stop();
  }
});

test('no client can make up series: any number of methods and paths', async () => {
  const bed = await Bed.start({ ...PLAN, routes: [roundRobin('all', 'single')] });
  try {
    await bed.client.call('Unary', { key: 'k' });
    const call = (path: string): Promise<unknown> =>
      bed.client
        .openPath(
          path,
          () => Buffer.alloc(0),
          () => ({}) as never,
        )
        .halfClose().outcome;
    await call('/afrouter.test.Echo/Made0');
    const { series } = await bed.admin.metrics();
    const paths = Array.from({ length: 200 }, (_, i) => [
      `/afrouter.test.Echo/Made${i}`,
      `/made.up${i}/Unary`,
      `/made.up/x${i}/y`,
      `/"}\\n${i} 1`,
    ]).flat();
    await Promise.all(paths.map(call));
    const scrape = await bed.admin.metrics();
    assert.equal(scrape.sum('afrouter_calls_total', { method: 'other', status: 'UNIMPLEMENTED' }), paths.length + 1);
    assert.equal(
      scrape.series.filter(({ name }) => !/nodejs/.test(name)).length,
      series.filter(({ name }) => !/nodejs/.test(name)).length,
    );
  } finally {
    await bed.stop();
  }
});
