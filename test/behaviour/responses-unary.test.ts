import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { metadataOf } from '../support/client.js';
import { answerTo, echo } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import type { ReplicaCall } from '../support/replica-call.js';

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: { pair: { a: ['a1', 'a2'] }, single: { s: { replicas: ['s1'], type: 'server' } } },
    routes: [roundRobin('pair', 'pair', ['Unary', 'Get']), roundRobin('single', 'single', ['Aim'])],
    daemon: { env: { AFROUTER_DISCARD_GRACE_MS: '500' } },
  });
});

after(() => bed.stop());
afterEach(() => bed.handle());

/** Answers with headers and trailers that name the replica. */
function signed(call: ReplicaCall): void {
  call.whenHalfClosed(() => {
    call.sendHeaders(metadataOf({ 'x-head': call.replica }));
    call.answer(answerTo(call, call.requests[0]!));
    call.end(metadataOf({ 'x-trail': call.replica }));
  });
}

function never(): void {}

for (const [first, other] of [
  ['a1', 'a2'],
  ['a2', 'a1'],
] as const) {
  test(`the first replica to answer (${first}) gives headers, message, trailers and status; it does not wait for the other`, async () => {
    bed.replica(first).handler = signed;
    bed.replica(other).handler = never;
    const outcome = await bed.client.call('Unary', { key: `first-${first}` });
    assert.equal(outcome.code, 0, outcome.details);
    assert.deepEqual(
      outcome.messages.map(({ replica }) => replica),
      [first],
    );
    assert.deepEqual(outcome.headers!.get('x-head'), [first]);
    assert.deepEqual(outcome.trailers.get('x-trail'), [first]);
  });
}

test('of two that answer at the same time the client gets one whole answer', async () => {
  bed.handle(signed);
  for (let i = 0; i < 50; i++) {
    const outcome = await bed.client.call('Unary', { key: 'race', payload: Buffer.alloc(20_000, i) });
    assert.equal(outcome.code, 0, outcome.details);
    assert.equal(outcome.messages.length, 1);
    const { replica, payload } = outcome.messages[0]!;
    assert.ok(payload.equals(Buffer.alloc(20_000, i)));
    assert.deepEqual(outcome.headers!.get('x-head'), [replica]);
    assert.deepEqual(outcome.trailers.get('x-trail'), [replica]);
  }
});

test('the first answer counts also when it is an error', async () => {
  let answerLate: (() => void) | undefined;
  bed.replica('a1').handler = (call) => call.fail(5, 'not here', metadataOf({ 'x-why': 'gone' }));
  bed.replica('a2').handler = (call) => {
    answerLate = () => signed(call);
  };
  const outcome = await bed.client.call('Unary', { key: 'error first' });
  answerLate?.();
  assert.equal(outcome.code, 5);
  assert.equal(outcome.details, 'not here');
  assert.deepEqual(outcome.trailers.get('x-why'), ['gone']);
});

test('the others are read and discarded, then cancelled after a grace period', async () => {
  bed.replica('a2').handler = never;
  const { code, messages } = await bed.client.call('Unary', { key: 'grace' });
  assert.equal(code, 0);
  assert.equal(messages[0]!.replica, 'a1');
  const slow = await eventually('a2 has the call', () => bed.callsWithKey('grace', ['a2'])[0]);
  assert.equal(slow.cancelled, false, 'not cancelled at once');
  await eventually('a2 is cancelled', () => slow.cancelled);
});

test('a late answer within the grace period disturbs nobody', async () => {
  const late: ReplicaCall[] = [];
  bed.replica('a2').handler = (call) => late.push(call);
  for (let i = 0; i < 20; i++) assert.equal((await bed.client.call('Unary', { key: 'late' })).code, 0);
  await eventually('a2 has the calls', () => late.length === 20);
  for (const call of late) signed(call);
  bed.handle();
  for (let i = 0; i < 20; i++) assert.equal((await bed.client.call('Unary', { key: 'after' })).code, 0);
});

test('a large answer is the whole answer of one replica', async () => {
  for (let i = 0; i < 3; i++) {
    const { code, details, messages } = await bed.client.call('Unary', { plan: { responseBytes: 3_000_000 } });
    assert.equal(code, 0, details);
    const { payload, replica } = messages[0]!;
    assert.ok(payload.equals(Buffer.alloc(3_000_000, replica)), `all of it from ${replica}`);
  }
});

test('a single connection answers for itself: status, trailers and Trailers-Only stay as they are', async () => {
  bed.replica('s1').handler = signed;
  const fine = await bed.client.call('Aim', { key: 'single' });
  assert.deepEqual(fine.trailers.get('x-trail'), ['s1']);
  bed.replica('s1').handler = (call) => call.fail(10, 'änderung & 100%', metadataOf({ 'x-more': 'detail' }));
  const failed = await bed.client.call('Aim', { key: 'single' });
  assert.equal(failed.code, 10);
  assert.equal(failed.details, 'änderung & 100%');
  assert.deepEqual(failed.trailers.get('x-more'), ['detail']);
  assert.equal(failed.headers, undefined, 'Trailers-Only stays Trailers-Only');
});

test('an error after a message keeps headers and trailers apart', async () => {
  bed.handle((call) =>
    call.whenHalfClosed(() => {
      call.sendHeaders(metadataOf({ 'x-head': 'h' }));
      call.answer(answerTo(call, {}));
      call.fail(9, 'after all', metadataOf({ 'x-trail': 't' }));
    }),
  );
  const outcome = await bed.client.call('Unary', {});
  assert.equal(outcome.code, 9);
  assert.deepEqual(outcome.headers!.get('x-head'), ['h']);
  assert.deepEqual(outcome.trailers.get('x-trail'), ['t']);
});

test('many calls at once all get their own answer', async () => {
  bed.handle(echo);
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, i) => bed.client.call('Unary', { key: `many-${i}` })),
  );
  for (const [i, { code, messages }] of outcomes.entries()) {
    assert.equal(code, 0);
    assert.equal(messages[0]!.key, `many-${i}`);
  }
});
