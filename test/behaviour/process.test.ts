import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { EchoClient } from '../support/client.js';
import { Daemon } from '../support/daemon.js';
import { answerTo } from '../support/echo.js';
import { delay, eventually, within } from '../support/eventually.js';
import { Type } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';
import type { ReplicaCall } from '../support/replica-call.js';

function start(env: Record<string, string> = {}): Promise<Bed> {
  return Bed.start({ clusters: { pair: { a: ['a1', 'a2'] } }, routes: [roundRobin('all', 'pair')], daemon: { env } });
}

function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: GOAWAY, no new calls, requests in progress finish, exit code 0`, async (t) => {
    const bed = await start();
    t.after(() => bed.stop());
    const at: ReplicaCall[] = [];
    bed.handle((call) => at.push(call));
    const stream = bed.client.open('ServerStream').send({ key: 'stream' }).halfClose();
    const unary = bed.client.open('Unary').send({ key: 'unary' }).halfClose();
    await eventually('the replicas have both', () => at.length === 4 && at.every(({ halfClosed }) => halfClosed));
    const peer = await RawPeer.dial(bed.port);
    await peer.untilFrame('SETTINGS', ({ type }) => type === Type.SETTINGS);

    bed.daemon.signal(signal);
    await peer.untilFrame('GOAWAY at once', ({ type }) => type === Type.GOAWAY);
    await eventually('no connection is accepted', () => refused(bed.port));
    const late = new EchoClient(bed.port);
    assert.equal((await late.call('Unary', {}, { deadlineMs: 3000 })).code, 14);
    late.stop();
    assert.equal(bed.daemon.exited, null, 'it waits for the requests');

    for (const call of at) {
      call.answer(answerTo(call, {}));
      call.end();
    }
    assert.equal((await unary.outcome).code, 0);
    const { code, messages } = await stream.outcome;
    assert.equal(code, 0);
    assert.equal(messages.length, 2);
    assert.deepEqual(await within('the daemon ends', bed.daemon.exit), { code: 0, signal: null });
    peer.destroy();
  });
}

test('without requests in progress it ends promptly', async (t) => {
  const bed = await start();
  t.after(() => bed.stop());
  assert.equal((await bed.client.call('Unary', {})).code, 0);
  const started = performance.now();
  bed.daemon.signal('SIGTERM');
  assert.deepEqual(await within('the daemon ends', bed.daemon.exit), { code: 0, signal: null });
  assert.ok(performance.now() - started < 5000);
});

test('requests that do not finish are ended at the limit, and the exit code is 0', async (t) => {
  const bed = await start({ AFROUTER_DRAIN_MS: '300' });
  t.after(() => bed.stop());
  const at: ReplicaCall[] = [];
  bed.handle((call) => at.push(call));
  const call = bed.client.open('ServerStream').send({ key: 'for ever' }).halfClose();
  await eventually('the replicas have it', () => at.length === 2);
  bed.daemon.signal('SIGTERM');
  assert.deepEqual(await within('the daemon ends', bed.daemon.exit, 5000), { code: 0, signal: null });
  assert.equal((await call.outcome).code, 14);
  await eventually('the replicas are cancelled', () => at.every(({ cancelled }) => cancelled));
});

test('a second signal ends at once', async (t) => {
  const bed = await start();
  t.after(() => bed.stop());
  const at: ReplicaCall[] = [];
  bed.handle((call) => at.push(call));
  const call = bed.client.open('ServerStream').send({ key: 'open' }).halfClose();
  await eventually('the replicas have it', () => at.length === 2);
  bed.daemon.signal('SIGTERM');
  await delay(200);
  assert.equal(bed.daemon.exited, null, 'the first signal waits');
  bed.daemon.signal('SIGTERM');
  const started = performance.now();
  await within('the daemon ends', bed.daemon.exit);
  assert.ok(performance.now() - started < 2000);
  assert.equal((await call.outcome).code, 14);
  await eventually('the replicas’ streams end', () => at.every(({ cancelled }) => cancelled));
});

test('the log is one JSON object a line with an event and a time', async (t) => {
  const bed = await start();
  t.after(() => bed.stop());
  const text = bed.daemon.output.trim().split('\n');
  assert.equal(text.length, bed.daemon.lines.length);
  for (const line of bed.daemon.lines) {
    assert.equal(typeof line.event, 'string', JSON.stringify(line));
    assert.ok(!Number.isNaN(Date.parse(String(line.time))));
  }
});

test('who connects as soon as the port is open finds the replicas connected', async (t) => {
  const bed = await start();
  t.after(() => bed.stop());
  const configuration = readFileSync(bed.daemon.file, 'utf8');
  await bed.daemon.stop();
  const again = Daemon.spawn(configuration);
  t.after(() => again.stop());
  await eventually('the port is open', async () => !(await refused(bed.port)));
  const early = new EchoClient(bed.port);
  t.after(() => early.stop());
  const { code, details } = await early.call('Unary', { key: 'early' });
  assert.equal(code, 0, details);
});
