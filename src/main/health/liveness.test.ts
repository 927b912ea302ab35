import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Liveness } from './liveness.js';

test('a worker that leaves a question open for ten seconds is named, until it answers', async () => {
  let now = 0;
  const answers: (() => void)[] = [];
  const asked = { count: 0 };
  const stuck = {
    snapshot: () => {
      asked.count++;
      return new Promise((resolve) => answers.push(() => resolve(undefined)));
    },
  };
  const well = { snapshot: () => Promise.resolve() };
  const liveness = new Liveness([well, stuck], () => now);
  assert.deepEqual(liveness.reasons(), []);
  await Promise.resolve();
  now = 9_999;
  assert.deepEqual(liveness.reasons(), []);
  assert.equal(asked.count, 1, 'one question at a time');
  now = 10_000;
  assert.deepEqual(liveness.reasons(), ['worker 1 has not answered for 10000 ms']);
  answers[0]!();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(liveness.reasons(), []);
  assert.equal(asked.count, 2);
});

test('a worker that answers with an error is alive', async () => {
  let now = 0;
  const liveness = new Liveness([{ snapshot: () => Promise.reject(new Error('no port yet')) }], () => now);
  liveness.reasons();
  await new Promise((resolve) => setImmediate(resolve));
  now = 20_000;
  assert.deepEqual(liveness.reasons(), []);
});
