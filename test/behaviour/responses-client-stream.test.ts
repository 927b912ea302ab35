import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { metadataOf } from '../support/client.js';
import { answerTo } from '../support/echo.js';
import { delay, eventually } from '../support/eventually.js';
import type { ReplicaCall } from '../support/replica-call.js';

let bed: Bed;

before(async () => {
  bed = await Bed.start({ clusters: { pair: { a: ['a1', 'a2'] } }, routes: [roundRobin('pair', 'pair')] });
});

after(() => bed.stop());
afterEach(() => bed.handle());

async function opened() {
  const at: ReplicaCall[] = [];
  bed.handle((call) => at.push(call));
  const call = bed.client.open('ClientStream').send({ key: '1' }, { key: '2' }, { key: '3' }).halfClose();
  await eventually('both replicas have the call', () => at.length === 2 && at.every(({ halfClosed }) => halfClosed));
  at.sort((x, y) => x.replica.localeCompare(y.replica));
  return { call, replicas: { a1: at[0]!, a2: at[1]! } };
}

function finish(call: ReplicaCall): void {
  call.sendHeaders(metadataOf({ 'x-head': call.replica }));
  call.answer(answerTo(call, call.requests[0]!));
  call.end(metadataOf({ 'x-trail': call.replica }));
}

for (const [first, last] of [
  ['a1', 'a2'],
  ['a2', 'a1'],
] as const) {
  test(`the last replica to end (${last}) gives its answer, whole`, async () => {
    const { call, replicas } = await opened();
    let over = false;
    void call.outcome.then(() => {
      over = true;
    });
    finish(replicas[first]);
    await delay(100);
    assert.equal(over, false, 'the first answer is held back');
    assert.equal(call.messages.length, 0);
    finish(replicas[last]);
    const { code, details, messages, headers, trailers } = await call.outcome;
    assert.equal(code, 0, details);
    assert.deepEqual(
      messages.map(({ replica, received }) => [replica, received]),
      [[last, 3]],
    );
    assert.deepEqual(headers!.get('x-head'), [last]);
    assert.deepEqual(trailers.get('x-trail'), [last]);
  });
}

test('the last status counts, an error too', async () => {
  const { call, replicas } = await opened();
  finish(replicas.a1);
  await delay(50);
  replicas.a2.fail(8, 'no more room');
  const { code, details, messages } = await call.outcome;
  assert.equal(code, 8);
  assert.equal(details, 'no more room');
  assert.equal(messages.length, 0);
});

test('an error first and an answer last: the answer', async () => {
  const { call, replicas } = await opened();
  replicas.a2.fail(8, 'no more room');
  await delay(50);
  finish(replicas.a1);
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.equal(messages[0]!.replica, 'a1');
});

test('every request message goes to every replica', async () => {
  const { code, messages } = await bed.client.call(
    'ClientStream',
    Array.from({ length: 300 }, (_, i) => ({ key: String(i), payload: Buffer.alloc(2000, i) })),
  );
  assert.equal(code, 0);
  assert.equal(messages.length, 1);
  assert.equal(messages[0]!.received, 300);
  assert.equal(messages[0]!.receivedBytes, '600000');
});
