import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { metadataOf } from '../support/client.js';
import { answerTo } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import type { ReplicaCall } from '../support/replica-call.js';

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: { pair: { a: ['a1', 'a2'] } },
    routes: [roundRobin('pair', 'pair')],
  });
});

after(() => bed.stop());
afterEach(() => bed.handle());

/** Opens a call and gives it as both replicas have it; they do nothing by themselves. */
async function opened(method: 'ServerStream' | 'Bidi') {
  const at: ReplicaCall[] = [];
  bed.handle((call) => at.push(call));
  const call = bed.client.open(method).send({ key: 'k' });
  if (method === 'ServerStream') call.halfClose();
  await eventually(
    'both replicas have the call',
    () => at.length === 2 && at.every(({ requests }) => requests.length === 1),
  );
  at.sort((x, y) => x.replica.localeCompare(y.replica));
  return { call, a1: at[0]!, a2: at[1]! };
}

function replicasOf(messages: readonly { replica: string }[]): string[] {
  return messages.map(({ replica }) => replica);
}

test('every message of every replica is forwarded as it comes', async () => {
  const { call, a1, a2 } = await opened('ServerStream');
  a1.answer(answerTo(a1, {}));
  await call.untilMessages(1);
  a2.answer(answerTo(a2, {}));
  await call.untilMessages(2);
  a2.answer(answerTo(a2, {}, 1));
  await call.untilMessages(3);
  a1.answer(answerTo(a1, {}, 1));
  await call.untilMessages(4);
  a1.end();
  a2.end();
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.deepEqual(replicasOf(messages), ['a1', 'a2', 'a2', 'a1']);
});

test('headers come once, from the first replica that sends them', async () => {
  const { call, a1, a2 } = await opened('Bidi');
  a2.sendHeaders(metadataOf({ 'x-head': 'a2' }));
  assert.deepEqual((await call.untilHeaders()).get('x-head'), ['a2']);
  a1.sendHeaders(metadataOf({ 'x-head': 'a1' }));
  a1.answer(answerTo(a1, {}));
  await call.untilMessages(1);
  a1.end();
  a2.end();
  const { code, headers } = await call.outcome;
  assert.equal(code, 0);
  assert.deepEqual(headers!.get('x-head'), ['a2']);
});

test('the call ends when the last stream ends, with its status and trailers', async () => {
  const { call, a1, a2 } = await opened('ServerStream');
  a1.answer(answerTo(a1, {}));
  a1.end(metadataOf({ 'x-trail': 'a1' }));
  await call.untilMessages(1);
  a2.answer(answerTo(a2, {}));
  await call.untilMessages(2);
  a2.fail(11, 'the end', metadataOf({ 'x-trail': 'a2' }));
  const { code, details, trailers } = await call.outcome;
  assert.equal(code, 11);
  assert.equal(details, 'the end');
  assert.deepEqual(trailers.get('x-trail'), ['a2']);
});

test('messages are interleaved whole, however large they are and however they are cut into frames', async () => {
  const sizes = [1_000_000, 1, 300_000, 0, 70_000, 16_384, 5, 500_000];
  const { call, a1, a2 } = await opened('ServerStream');
  for (const replica of [a1, a2]) {
    for (const [index, size] of sizes.entries()) {
      replica.answer({ replica: replica.replica, index, payload: Buffer.alloc(size, replica.replica) });
    }
    replica.end();
  }
  const { code, details, messages } = await call.outcome;
  assert.equal(code, 0, details);
  assert.equal(messages.length, 2 * sizes.length);
  for (const name of ['a1', 'a2']) {
    const own = messages.filter(({ replica }) => replica === name);
    assert.deepEqual(
      own.map(({ index, payload }) => [index, payload.length]),
      [...sizes.entries()],
      'in order',
    );
    for (const { payload, index } of own)
      assert.ok(payload.equals(Buffer.alloc(sizes[index]!, name)), `${name} ${index}`);
  }
});

test('a bidirectional call is full duplex', async () => {
  const call = bed.client.open('Bidi');
  for (let round = 1; round <= 5; round++) {
    call.send({ key: `round-${round}` });
    const messages = await call.untilMessages(2 * round);
    assert.deepEqual(
      messages.slice(-2).map(({ key }) => key),
      [`round-${round}`, `round-${round}`],
    );
  }
  const { code, messages } = await call.halfClose().outcome;
  assert.equal(code, 0);
  assert.equal(messages.length, 10);
});

test('a replica may answer before it has been asked anything', async () => {
  bed.handle((replica) => {
    replica.answer({ replica: replica.replica });
    replica.whenHalfClosed(() => replica.end());
  });
  const call = bed.client.open('Bidi');
  await call.untilMessages(2);
  call.halfClose();
  assert.equal((await call.outcome).code, 0);
});

test('replicas that end without a message', async () => {
  const { call, a1, a2 } = await opened('ServerStream');
  a1.end();
  a2.end();
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.equal(messages.length, 0);
});

test('many messages of both replicas all arrive', async () => {
  const { code, messages } = await bed.client.call('ServerStream', { plan: { responses: 2000, responseBytes: 500 } });
  assert.equal(code, 0);
  assert.equal(messages.length, 4000);
  for (const name of ['a1', 'a2']) {
    const indices = messages.filter(({ replica }) => replica === name).map(({ index }) => index);
    assert.deepEqual(
      indices,
      Array.from({ length: 2000 }, (_, i) => i),
    );
  }
});
