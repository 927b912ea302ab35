import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin, SERIAL_KEY } from '../support/bed.js';
import { ControlClient } from '../support/control.js';
import { answerTo } from '../support/echo.js';
import { delay, eventually } from '../support/eventually.js';
import type { Handler } from '../support/replica.js';
import type { ReplicaCall } from '../support/replica-call.js';

const REPLAY_LIMIT = 200_000;

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: {
      pair: { p: ['p1', 'p2'] },
      late: { l: ['l1'] },
      single: { s: { replicas: ['s1'], type: 'server' } },
    },
    absent: ['l1'],
    control: true,
    routes: [
      roundRobin('late', 'late', ['Aim']),
      roundRobin('single', 'single', ['Get', 'Receive']),
      roundRobin('pair', 'pair'),
    ],
    daemon: { env: { AFROUTER_REPLAY_LIMIT: String(REPLAY_LIMIT) } },
  });
});

after(() => bed.stop());
afterEach(() => bed.handle());

const never: Handler = () => {};

function finish(call: ReplicaCall): void {
  call.answer(answerTo(call, call.requests[0] ?? {}));
  call.end();
}

/** Opens a call while p2 is down; returns it as p1 has it, and a function that brings p2 back and returns its part. */
async function openedWithoutP2(method: string, key: string, handler: Handler = never) {
  bed.handle(handler);
  await bed.kill('p2');
  const call = bed.client.open(method).send({ key });
  const p1 = await eventually('p1 has the call', () => bed.callsWithKey(key, ['p1'])[0]);
  const before = bed.replica('p2').calls.length;
  return {
    call,
    p1,
    p2Returns: async () => {
      await bed.revive('p2');
      return eventually('p2 has the call', () => bed.replica('p2').calls[before]);
    },
  };
}

test('a connection is dialled for ever: a replica that comes late is found', async () => {
  assert.equal((await bed.client.call('Aim', {})).code, 14);
  await delay(500);
  await bed.revive('l1');
  const { code, messages } = await bed.client.call('Aim', {});
  assert.equal(code, 0);
  assert.equal(messages[0]!.replica, 'l1');
});

test('and after each loss again', async () => {
  for (let i = 0; i < 3; i++) {
    await bed.kill('s1');
    assert.equal((await bed.client.call('Get', {})).code, 14);
    await bed.revive('s1');
    assert.equal((await bed.client.call('Get', {})).code, 0);
  }
});

test('GOAWAY: dialled again at once, and calls in progress finish on the old connection', async () => {
  // A session must have been good for a moment for the redial to be at once.
  await delay(1100);
  bed.handle(never);
  const replica = bed.replica('s1');
  const open = bed.client.open('Receive').send({ key: 'across' }).halfClose();
  const old = await eventually('s1 has the call', () => bed.callsWithKey('across')[0]);
  const { accepted } = replica;
  replica.sendAway();
  await eventually('s1 is dialled again', () => replica.accepted === accepted + 1);
  await bed.daemon.untilOpen(['s1']);
  bed.handle();
  assert.equal((await bed.client.call('Get', { key: 'new' })).code, 0);
  finish(old);
  const { code, messages } = await open.outcome;
  assert.equal(code, 0);
  assert.equal(messages.length, 1);
});

test('late replica, unary: it gets the request, and its answer counts', async () => {
  const { call, p1, p2Returns } = await openedWithoutP2('Unary', 'late-unary');
  call.halfClose();
  await eventually('p1 has all', () => p1.halfClosed);
  const p2 = await p2Returns();
  await eventually('p2 has all', () => p2.halfClosed);
  assert.deepEqual(p2.requests, p1.requests);
  assert.deepEqual(p2.meta(SERIAL_KEY), p1.meta(SERIAL_KEY), 'the same transaction');
  finish(p2);
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.equal(messages[0]!.replica, 'p2');
});

test('late replica, half-close: it gets the half-close only when the client has half-closed', async () => {
  const { call, p2Returns } = await openedWithoutP2('Unary', 'late-half-close');
  const p2 = await p2Returns();
  await eventually('p2 has the request', () => p2.requests.length === 1);
  await delay(100);
  assert.equal(p2.halfClosed, false);
  call.halfClose();
  await eventually('p2 has the half-close', () => p2.halfClosed);
  finish(p2);
  assert.equal((await call.outcome).code, 0);
});

test('late replica, server stream: its messages join those of the other', async () => {
  const { call, p1, p2Returns } = await openedWithoutP2('ServerStream', 'late-server-stream');
  call.halfClose();
  p1.answer(answerTo(p1, {}));
  await call.untilMessages(1);
  const p2 = await p2Returns();
  await eventually('p2 has all', () => p2.halfClosed);
  assert.deepEqual(p2.requests, p1.requests);
  p2.answer(answerTo(p2, {}));
  await call.untilMessages(2);
  p1.answer(answerTo(p1, {}));
  await call.untilMessages(3);
  p1.end();
  p2.answer(answerTo(p2, {}));
  p2.end();
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.deepEqual(
    messages.map(({ replica }) => replica),
    ['p1', 'p2', 'p1', 'p2'],
  );
});

test('a replica that is lost in the middle of a stream and returns is caught up too', async () => {
  bed.handle(never);
  const call = bed.client.open('ServerStream').send({ key: 'restart' }).halfClose();
  await eventually('both have it', () => bed.callsWithKey('restart').length === 2);
  await bed.kill('p2');
  await bed.revive('p2');
  const again = await eventually('p2 has it again', () => bed.callsWithKey('restart', ['p2'])[1]);
  await eventually('p2 has all', () => again.halfClosed);
  again.answer(answerTo(again, {}));
  await call.untilMessages(1);
  finish(bed.callsWithKey('restart', ['p1'])[0]!);
  again.end();
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.deepEqual(
    messages.map(({ replica }) => replica),
    ['p2', 'p1'],
  );
});

for (const method of ['ClientStream', 'Bidi']) {
  test(`late replica, ${method}: it joins from the next message on`, async () => {
    const { call, p1, p2Returns } = await openedWithoutP2(method, `late-${method}`);
    call.send({ key: 'before' });
    await eventually('p1 has two', () => p1.requests.length === 2);
    const joined = p2Returns();
    await bed.daemon.untilOpen(['p2']);
    call.send({ key: 'after', payload: Buffer.alloc(100_000, 7) }, { key: 'last' }).halfClose();
    const p2 = await joined;
    await eventually('both have all', () => p1.halfClosed && p2.halfClosed);
    assert.deepEqual(
      p1.requests.map(({ key }) => key),
      [`late-${method}`, 'before', 'after', 'last'],
    );
    assert.deepEqual(
      p2.requests.map(({ key }) => key),
      ['after', 'last'],
    );
    finish(p1);
    await delay(20);
    finish(p2);
    assert.equal((await call.outcome).code, 0);
  });
}

test('late replica, client stream: half-closed already, it gets the half-close', async () => {
  const { call, p1, p2Returns } = await openedWithoutP2('ClientStream', 'late-and-over');
  call.halfClose();
  await eventually('p1 has all', () => p1.halfClosed);
  const p2 = await p2Returns();
  await eventually('p2 has the half-close', () => p2.halfClosed);
  assert.equal(p2.requests.length, 0);
  finish(p2);
  finish(p1);
  assert.equal((await call.outcome).code, 0);
});

test('every request in progress is caught up', async () => {
  bed.handle(never);
  await bed.kill('p2');
  const calls = Array.from({ length: 30 }, (_, i) =>
    bed.client
      .open(i % 2 === 0 ? 'Unary' : 'ServerStream')
      .send({ key: 'many', payload: Buffer.from([i]) })
      .halfClose(),
  );
  await eventually('p1 has them', () => bed.callsWithKey('many', ['p1']).length === calls.length);
  await bed.revive('p2');
  const late = await eventually('p2 has them', () => {
    const got = bed.callsWithKey('many', ['p2']);
    return got.length === calls.length && got.every(({ halfClosed }) => halfClosed) && got;
  });
  const serials = (names: string[]) =>
    bed
      .callsWithKey('many', names)
      .map((call) => `${call.meta(SERIAL_KEY)}:${(call.requests[0]!.payload as Buffer)[0]}`);
  assert.deepEqual(serials(['p2']).sort(), serials(['p1']).sort());
  for (const call of late) finish(call);
  for (const call of bed.callsWithKey('many', ['p1'])) finish(call);
  for (const call of calls) assert.equal((await call.outcome).code, 0);
});

test('a request over the replay limit is simply not caught up; one under it is', async () => {
  bed.handle(never);
  await bed.kill('p2');
  const large = bed.client.open('Unary').send({ key: 'too-large', payload: Buffer.alloc(REPLAY_LIMIT + 1000, 1) });
  const small = bed.client.open('Unary').send({ key: 'not-too-large', payload: Buffer.alloc(REPLAY_LIMIT - 1000, 1) });
  large.halfClose();
  small.halfClose();
  await eventually(
    'p1 has both',
    () => bed.callsWithKey('too-large').length + bed.callsWithKey('not-too-large').length === 2,
  );
  await bed.revive('p2');
  const late = await eventually('p2 has the small one', () => bed.callsWithKey('not-too-large', ['p2'])[0]);
  await eventually('p2 has all of it', () => late.halfClosed);
  finish(late);
  assert.equal((await small.outcome).messages[0]!.replica, 'p2');
  assert.equal(bed.callsWithKey('too-large', ['p2']).length, 0);
  finish(bed.callsWithKey('too-large', ['p1'])[0]!);
  const { code, messages } = await large.outcome;
  assert.equal(code, 0);
  assert.equal(messages[0]!.replica, 'p1');
});

test('a replica that comes and goes leaves one leg at a stream, not one for each time', async () => {
  bed.handle(never);
  const call = bed.client.open('Bidi').send({ key: 'days' });
  const client = new ControlClient(bed.controlPort);
  try {
    const legs = async () => {
      const { calls } = await client.ask<{ calls: { replicas: { state: string }[] }[] }>('ListCalls');
      return calls[0]?.replicas.map(({ state }) => state).sort();
    };
    for (let times = 1; times <= 4; times++) {
      await eventually('both have it', () => bed.callsWithKey('days').length === 1 + times);
      assert.deepEqual(await legs(), ['OPEN', 'OPEN']);
      await bed.kill('p2');
      assert.deepEqual(await legs(), ['LOST', 'OPEN']);
      await bed.revive('p2');
      call.send({ key: 'days' });
    }
  } finally {
    call.cancel();
    client.stop();
  }
});

test('a request that is over is not replayed', async () => {
  await bed.kill('p2');
  assert.equal((await bed.client.call('Unary', { key: 'over' })).code, 0);
  const cancelled = bed.client
    .open('ServerStream')
    .send({ key: 'cancelled', plan: { hang: true } })
    .halfClose();
  const p1 = await eventually('p1 has it', () => bed.callsWithKey('cancelled')[0]);
  cancelled.cancel();
  await eventually('p1 is cancelled', () => p1.cancelled);
  await bed.revive('p2');
  await delay(100);
  assert.equal(bed.callsWithKey('over', ['p2']).length, 0);
  assert.equal(bed.callsWithKey('cancelled', ['p2']).length, 0);
});
