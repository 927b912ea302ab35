import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin, SERIAL_KEY } from '../support/bed.js';
import { ControlClient } from '../support/control.js';
import { echo, echoService } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { Replica } from '../support/replica.js';

const PRELOAD = new URL('../support/worker-death.js', import.meta.url).href;

let directory: string;
let death: string;
let bed: Bed;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'afrouter-death-'));
  death = join(directory, 'now');
  bed = await Bed.start({
    clusters: { one: { a: ['a1', 'a2'] }, two: { b: ['b1', 'b2'] } },
    routes: [
      {
        name: 'keyed',
        type: 'rpc_affinity_message',
        association: 'round_robin',
        routing_field: 'key',
        backend_cluster: 'one',
        methods: ['Get'],
      },
      roundRobin('one', 'one', ['Bidi', 'Unary']),
      roundRobin('two', 'two', ['ServerStream', 'ClientStream']),
    ],
    control: true,
    admin: true,
    daemon: { env: { AFROUTER_WORKERS: 'per-backend', NODE_OPTIONS: `--import=${PRELOAD}`, AFTEST_DEATH: death } },
  });
});

after(async () => {
  await bed.stop();
  rmSync(directory, { recursive: true, force: true });
});
afterEach(() => bed.handle());

/** Ends one of the workers; resolves with the name of its backend when the router knows. */
async function oneDies(): Promise<string> {
  const from = bed.daemon.lines.length;
  writeFileSync(death, '');
  await eventually('a worker takes it', () => !existsSync(death));
  const { backends } = await bed.daemon.untilLine(({ event }) => event === 'worker_died', 'the death', from);
  await bed.daemon.untilLine(({ event }) => event === 'worker_replaced', 'the replacement', from);
  return (backends as string[]).join();
}

/** The replicas of a backend are connected again. */
function untilBack(backend: string): Promise<unknown> {
  return eventually(`${backend} serves`, async () => {
    const metrics = await bed.admin.metrics();
    return metrics.sum('afrouter_connection_state', { backend, state: 'open' }) === 2;
  });
}

test('a worker that dies ends its own calls with UNAVAILABLE and no others, and is replaced', async () => {
  bed.handle(() => {});
  const calls = new Map([
    ['a', bed.client.open('Bidi').send({ key: 'in-flight' })],
    ['b', bed.client.open('ServerStream').send({ key: 'in-flight' })],
  ]);
  // It waits for its first message, so no worker has it.
  const held = bed.client.open('Get');
  await eventually('the replicas have them', () => bed.callsWithKey('in-flight').length === 4);
  const dead = await oneDies();
  const { code, details } = await calls.get(dead)!.outcome;
  assert.equal(code, 14, details);
  calls.delete(dead);
  const [[alive, call] = []] = calls;
  bed.handle();
  for (const each of bed.callsWithKey('in-flight')) if (each.replica.startsWith(alive!)) echo(each);
  call!.halfClose();
  assert.equal((await call!.outcome).code, 0);
  await eventually('replicas of the dead one hear of it', () =>
    bed.callsWithKey('in-flight').every((each) => each.cancelled || each.replica.startsWith(alive!)),
  );
  await untilBack(dead);
  assert.equal((await held.send({ key: 'held' }).halfClose().outcome).code, 0);
  for (const method of ['Bidi', 'Unary', 'ServerStream', 'ClientStream', 'Get']) {
    assert.equal((await bed.client.call(method, { key: 'after' })).code, 0, method);
  }
  const metrics = await bed.admin.metrics();
  assert.equal(metrics.sum('afrouter_worker_deaths_total'), 1);
  assert.equal(metrics.sum('afrouter_worker_up'), 2);
  assert.equal(metrics.sum('afrouter_requests_in_flight'), 0);
});

test('what the main thread knows outlives a worker: keys, serial numbers, addresses of SetConnection', async () => {
  const control = new ControlClient(bed.controlPort);
  const moved = await Replica.start('moved', echoService, echo);
  try {
    const serialOf = async (key: string): Promise<number> => {
      assert.equal((await bed.client.call('Get', { key })).code, 0);
      return Number(bed.callsWithKey(key)[0]!.meta(SERIAL_KEY)[0]);
    };
    const first = await serialOf('first');
    const change = { cluster: 'one', backend: 'a', connection: 'a2', addr: '127.0.0.1', port: moved.port };
    assert.equal((await control.setConnection(change)).success, true);
    await eventually('it is there', () => moved.connections === 1);
    // Chance says which one dies.
    for (let times = 0, dead = ''; dead !== 'a' && times < 20; times++) {
      dead = await oneDies();
      await untilBack(dead);
    }
    assert.equal(await serialOf('second'), first + 1);
    assert.ok(
      moved.calls.some((call) => call.requests[0]?.key === 'second'),
      'the new address is dialled',
    );
    const metrics = await bed.admin.metrics();
    assert.ok(metrics.sum('afrouter_affinity_entries', { route: 'keyed' }) >= 2);
  } finally {
    control.stop();
    await moved.kill();
  }
});
