import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineAllowance, NO_LINE } from './line-allowance.js';

test('a burst, then so many a second, and each line says how many were left out before it', () => {
  const allowance = new LineAllowance(2, 3, 1000);
  const take = (ms: number) => allowance.take(ms);
  assert.deepEqual([1000, 1000, 1000].map(take), [0, 0, 0]);
  assert.deepEqual([1000, 1100, 1499].map(take), [NO_LINE, NO_LINE, NO_LINE]);
  assert.equal(take(1500), 3);
  assert.equal(take(1500), NO_LINE);
  assert.deepEqual([60_000, 60_000, 60_000, 60_000].map(take), [1, 0, 0, NO_LINE], 'a long silence saves up one burst');
});
