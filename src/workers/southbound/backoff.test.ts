import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.js';

test('delays double up to the longest, with jitter in their upper half', () => {
  const longest = new Backoff(200, 1000, () => 1);
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => longest.next()),
    [200, 400, 800, 1000, 1000],
  );
  const shortest = new Backoff(200, 1000, () => 0);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => shortest.next()),
    [100, 200, 400, 500],
  );
});

test('a success starts over', () => {
  const backoff = new Backoff(200, 1000, () => 1);
  backoff.next();
  backoff.next();
  backoff.reset();
  assert.equal(backoff.next(), 200);
});

test('combinations that make no sense are refused by name', () => {
  assert.throws(() => new Backoff(0, 10), /first delay/);
  assert.throws(() => new Backoff(20, 10), /longest delay/);
  assert.throws(() => new Backoff(Number.NaN, 10), RangeError);
});
