import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SerialNumbers } from './transaction-id.js';

test('serial numbers begin with 0 and go on from there', () => {
  const serials = new SerialNumbers();
  assert.deepEqual([serials.next(), serials.next(), serials.next()], ['0', '1', '2']);
});

test('after 2^53 - 1 they begin again, no two calls in a row get the same', () => {
  const serials = new SerialNumbers(Number.MAX_SAFE_INTEGER - 1);
  assert.deepEqual(
    [serials.next(), serials.next(), serials.next(), serials.next()],
    ['9007199254740990', '9007199254740991', '0', '1'],
  );
});
