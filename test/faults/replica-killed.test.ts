import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { answerTo } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import type { ReplicaCall } from '../support/replica-call.js';

const UNAVAILABLE = 14;

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: { pair: { a: ['a1', 'a2'] }, other: { b: ['b1', 'b2'] } },
    routes: [roundRobin('other', 'other', ['Get']), roundRobin('pair', 'pair')],
  });
});

after(() => bed.stop());

afterEach(async () => {
  bed.handle();
  for (const name of ['a1', 'a2']) {
    const replica = bed.replica(name);
    await replica.kill();
    await bed.daemon.untilClosed([name]);
    await replica.start();
  }
  await bed.daemon.untilOpen(['a1', 'a2']);
});

function finish(call: ReplicaCall): void {
  call.answer(answerTo(call, call.requests[0] ?? {}));
  call.end();
}

/** Opens a call that both replicas have and neither answers. */
async function opened(method: string, halfClose: boolean) {
  const at = new Map<string, ReplicaCall>();
  bed.handle((call) => at.set(call.replica, call));
  const call = bed.client.open(method).send({ key: method });
  if (halfClose) call.halfClose();
  await eventually('both have it', () => at.size === 2 && [...at.values()].every((each) => each.requests.length === 1));
  return { call, a1: at.get('a1')!, a2: at.get('a2')! };
}

for (const method of ['Unary', 'ServerStream', 'ClientStream', 'Bidi']) {
  test(`${method}: one replica killed in the middle of the call, the other carries on`, async () => {
    const { call, a1 } = await opened(method, false);
    await bed.kill('a2');
    if (method === 'ClientStream' || method === 'Bidi') {
      call.send({ key: 'more' });
      await eventually('the other gets more', () => a1.requests.length === 2);
    }
    call.halfClose();
    await eventually('and the end', () => a1.halfClosed);
    finish(a1);
    const { code, details, messages } = await call.outcome;
    assert.equal(code, 0, details);
    assert.deepEqual(
      messages.map(({ replica }) => replica),
      ['a1'],
    );
  });

  test(`${method}: all replicas killed in the middle of the call: UNAVAILABLE`, async () => {
    const { call } = await opened(method, true);
    await bed.replica('a1').kill();
    await bed.replica('a2').kill();
    const { code, messages } = await call.outcome;
    assert.equal(code, UNAVAILABLE);
    assert.equal(messages.length, 0);
  });

  test(`${method}: no replica at the start: UNAVAILABLE, and other clusters serve on`, async () => {
    await bed.kill('a1');
    await bed.kill('a2');
    const started = performance.now();
    const { code } = await bed.client.call(method, { key: 'nobody' });
    assert.equal(code, UNAVAILABLE);
    assert.ok(performance.now() - started < 2000);
    assert.equal((await bed.client.call('Get', {})).code, 0);
    await bed.replica('a1').start();
    await bed.replica('a2').start();
    await bed.daemon.untilOpen(['a1', 'a2']);
  });
}

test('ServerStream: a replica killed between its messages, the other’s still come', async () => {
  const { call, a1, a2 } = await opened('ServerStream', true);
  a2.answer(answerTo(a2, {}));
  await call.untilMessages(1);
  await bed.kill('a2');
  a1.answer(answerTo(a1, {}));
  await call.untilMessages(2);
  a1.end();
  assert.equal((await call.outcome).code, 0);
});

test('ServerStream: a replica killed in the middle of a message is not taken for the end, and spoils nothing', async () => {
  const { call, a1, a2 } = await opened('ServerStream', true);
  // The client is not reading: most of the message has to stay behind when the replica dies.
  call.stream.pause();
  a2.answer({ replica: 'a2', payload: Buffer.alloc(8_000_000, 2) });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await bed.kill('a2');
  call.stream.resume();
  a1.answer({ replica: 'a1', payload: Buffer.alloc(1000, 1) });
  finish(a1);
  const { code, messages } = await call.outcome;
  // What was half delivered cannot be completed: then the call may fail, but never with a broken or missing message.
  if (code === 0) {
    assert.equal(messages.filter(({ replica }) => replica === 'a1').length, 2);
  } else {
    assert.ok(code === UNAVAILABLE || code === 13, `status ${code}`);
  }
  for (const { replica, payload } of messages) {
    if (replica === 'a2') assert.ok(payload.equals(Buffer.alloc(8_000_000, 2)));
  }
});

test('Unary: a replica killed after its headers is not the active one', async () => {
  const { call, a1, a2 } = await opened('Unary', true);
  a2.sendHeaders();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await bed.kill('a2');
  finish(a1);
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.equal(messages[0]!.replica, 'a1');
});

test('ClientStream: a lost replica is not the last answer', async () => {
  const { call, a1 } = await opened('ClientStream', true);
  finish(a1);
  await eventually('a1 has answered', () => a1.stream.writableFinished);
  await bed.kill('a2');
  const { code, messages } = await call.outcome;
  assert.equal(code, 0);
  assert.equal(messages[0]!.replica, 'a1');
});

test('calls go on while replicas are killed and return', async () => {
  const codes = new Map<number, number>();
  let stop = false;
  const traffic = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!stop) {
        const { code } = await bed.client.call('Unary', { key: 'traffic', payload: Buffer.alloc(500) });
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }),
  );
  for (let i = 0; i < 4; i++) {
    const name = i % 2 === 0 ? 'a1' : 'a2';
    await bed.kill(name);
    await bed.revive(name);
  }
  stop = true;
  await traffic;
  assert.deepEqual([...codes.keys()], [0], `statuses ${JSON.stringify([...codes])}`);
});
