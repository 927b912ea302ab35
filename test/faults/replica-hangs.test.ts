import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { ControlClient } from '../support/control.js';
import { answerTo, echo } from '../support/echo.js';
import { delay, eventually } from '../support/eventually.js';
import { Gate } from '../support/gate.js';

let bed: Bed;
/** Between the router and a2. */
let gate: Gate;

before(async () => {
  bed = await Bed.start({
    clusters: { pair: { a: ['a1', 'a2'] } },
    unset: ['a2'],
    control: true,
    routes: [roundRobin('all', 'pair')],
    daemon: { env: { AFROUTER_REPLICA_STALL_MS: '500' } },
  });
  gate = await Gate.open(bed.replica('a2').port);
  const control = new ControlClient(bed.controlPort);
  const { success, error } = await control.setConnection({
    server: 'north',
    pkg: 'afrouter.test',
    svc: 'Echo',
    cluster: 'pair',
    backend: 'a',
    connection: 'a2',
    addr: '127.0.0.1',
    port: String(gate.port),
  });
  control.stop();
  assert.ok(success, String(error));
  await bed.daemon.untilOpen(['a2']);
});

after(async () => {
  await bed.stop();
  await gate.stop();
});

afterEach(() => {
  gate.reopen();
  bed.handle();
});

test('a replica that takes calls and never answers does not hold unary calls up', async () => {
  bed.replica('a2').handler = () => {};
  for (let i = 0; i < 50; i++) {
    const { code, messages } = await bed.client.call('Unary', { key: 'silent' });
    assert.equal(code, 0);
    assert.equal(messages[0]!.replica, 'a1');
  }
});

test('a replica that sends headers and then nothing does not hold unary calls up', async () => {
  bed.replica('a2').handler = (call) => call.sendHeaders();
  bed.replica('a1').handler = (call) => setTimeout(() => echo(call), 20);
  for (let i = 0; i < 5; i++) {
    const { code, messages } = await bed.client.call('Unary', { key: 'half' });
    assert.equal(code, 0);
    assert.equal(messages[0]!.replica, 'a1');
  }
});

test('a replica behind a network that carries nothing does not hold calls up', async () => {
  gate.close();
  for (let i = 0; i < 50; i++) {
    const { code, details } = await bed.client.call('Unary', { key: 'dark', payload: Buffer.alloc(1000) });
    assert.equal(code, 0, details);
  }
});

test('all replicas hang: the deadline ends the call, and nothing is left of it', async () => {
  bed.handle(() => {});
  const { code } = await bed.client.call('ServerStream', { key: 'deadline' }, { deadlineMs: 300 });
  assert.equal(code, 4);
  await eventually('the replicas are cancelled', () => {
    const calls = bed.callsWithKey('deadline');
    return calls.length === 2 && calls.every(({ cancelled }) => cancelled);
  });
});

test('a replica that stops reading neither stalls nor balloons the others: the stream goes on without it', async () => {
  const payload = Buffer.alloc(256 * 1024, 1);
  bed.handle((call) => {
    call.onHalfClose = () => {
      call.answer(answerTo(call, {}));
      call.end();
    };
  });
  const call = bed.client.open('ClientStream', { deadlineMs: 120_000 }).send({ key: 'stalled' });
  await eventually('both have the call', () => bed.callsWithKey('stalled').length === 2);
  const before = bed.daemon.residentBytes();
  gate.close();
  let peak = before;
  const rounds = 160;
  for (let i = 0; i < rounds; i++) {
    if (!call.stream.write({ payload })) await new Promise((resolve) => call.stream.once('drain', resolve));
    peak = Math.max(peak, bed.daemon.residentBytes());
  }
  call.halfClose();
  const { code, details, messages } = await call.outcome;
  assert.equal(code, 0, details);
  assert.equal(messages[0]!.replica, 'a1');
  assert.equal(messages[0]!.received, rounds + 1);
  assert.ok(peak - before < 100 * 1024 * 1024, `${(peak - before) / 1024 / 1024} MiB more in use`);
});

test('a replica that comes to its senses serves again', async () => {
  await eventually('both replicas answer', async () => {
    const { code, messages } = await bed.client.call('ServerStream', { key: 'again' }, { deadlineMs: 2000 });
    return code === 0 && messages.length === 2;
  });
  await delay(0);
});
