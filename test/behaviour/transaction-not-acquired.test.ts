import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { answerTo } from '../support/echo.js';
import { delay, eventually } from '../support/eventually.js';
import type { ReplicaCall } from '../support/replica-call.js';

const DECLINED = 'transaction-not-acquired';
const CANCELLED = 1;

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: { trio: { a: ['a1', 'a2', 'a3'] }, single: { s: { replicas: ['s1'], type: 'server' } } },
    routes: [
      roundRobin('trio', 'trio', ['Unary', 'ServerStream', 'ClientStream', 'Bidi']),
      roundRobin('single', 'single'),
    ],
  });
});

after(() => bed.stop());
afterEach(() => bed.handle());

/** These replicas say "not me" at once; the others answer a little later. */
function decline(...names: string[]): void {
  bed.handle((call) => {
    if (names.includes(call.replica)) call.whenHalfClosed(() => call.fail(CANCELLED, DECLINED));
    else call.whenHalfClosed(() => void answerSoon(call));
  });
}

async function answerSoon(call: ReplicaCall): Promise<void> {
  await delay(50);
  call.answer(answerTo(call, call.requests[0]!));
  call.end();
}

for (const method of ['Unary', 'ServerStream', 'ClientStream', 'Bidi']) {
  test(`${method}: "not me" is not an answer while another replica gives one`, async () => {
    decline('a1', 'a3');
    const { code, details, messages } = await bed.client.call(method, { key: 'k' });
    assert.equal(code, 0, details);
    assert.deepEqual(
      messages.map(({ replica }) => replica),
      ['a2'],
    );
  });

  test(`${method}: when all say so, it is the answer`, async () => {
    decline('a1', 'a2', 'a3');
    const { code, details, messages } = await bed.client.call(method, { key: 'k' });
    assert.equal(code, CANCELLED);
    assert.equal(details, DECLINED);
    assert.equal(messages.length, 0);
  });
}

test('ClientStream: a replica that declines last does not hide the answer before it', async () => {
  const at = new Map<string, ReplicaCall>();
  bed.handle((call) => at.set(call.replica, call));
  const call = bed.client.open('ClientStream').send({ key: 'k' }).halfClose();
  await eventually('all have it', () => at.size === 3 && [...at.values()].every(({ halfClosed }) => halfClosed));
  const a2 = at.get('a2')!;
  a2.answer(answerTo(a2, {}));
  a2.end();
  await delay(50);
  at.get('a1')!.fail(CANCELLED, DECLINED);
  at.get('a3')!.fail(CANCELLED, DECLINED);
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.equal(messages[0]!.replica, 'a2');
});

test('Unary: an error of the one that acts is the answer, not the others’ "not me"', async () => {
  bed.handle((call) =>
    call.whenHalfClosed(() => {
      if (call.replica === 'a3') setTimeout(() => call.fail(9, 'wrong state'), 50);
      else call.fail(CANCELLED, DECLINED);
    }),
  );
  const { code, details } = await bed.client.call('Unary', { key: 'k' });
  assert.equal(code, 9);
  assert.equal(details, 'wrong state');
});

test('CANCELLED with any other message is an answer', async () => {
  bed.handle((call) => {
    if (call.replica === 'a1') call.whenHalfClosed(() => call.fail(CANCELLED, 'something else'));
  });
  const { code, details } = await bed.client.call('Unary', { key: 'k' });
  assert.equal(code, CANCELLED);
  assert.equal(details, 'something else');
});

test('a decline and a lost replica: the answer of the one that is left', async () => {
  let last: ReplicaCall | undefined;
  bed.handle((call) => {
    if (call.replica === 'a2') last = call;
    if (call.replica === 'a3') call.whenHalfClosed(() => call.fail(CANCELLED, DECLINED));
  });
  const call = bed.client.open('Unary').send({ key: 'lost-and-declined' }).halfClose();
  await eventually('all have it', () => bed.callsWithKey('lost-and-declined').length === 3);
  await bed.kill('a1');
  await answerSoon(last!);
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.equal(messages[0]!.replica, 'a2');
  await bed.revive('a1');
});

test('a backend of type server has nobody else: its "not me" is the answer', async () => {
  bed.replica('s1').handler = (call) => call.fail(CANCELLED, DECLINED);
  const { code, details } = await bed.client.call('Aim', { key: 'k' });
  assert.equal(code, CANCELLED);
  assert.equal(details, DECLINED);
});
