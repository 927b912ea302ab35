import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeBackends, placeLater } from './placement.js';

test('auto leaves a core to the main thread and never makes a worker without a backend', () => {
  assert.deepEqual(placeBackends(3, 'auto', 2), [[0, 1, 2]]);
  assert.deepEqual(placeBackends(3, 'auto', 1), [[0, 1, 2]]);
  assert.deepEqual(placeBackends(5, 'auto', 4), [[0, 3], [1, 4], [2]]);
  assert.deepEqual(placeBackends(2, 'auto', 64), [[0], [1]]);
});

test('per-backend gives each its own worker; a number says how many', () => {
  assert.deepEqual(placeBackends(3, 'per-backend', 2), [[0], [1], [2]]);
  assert.deepEqual(placeBackends(3, 2, 64), [[0, 2], [1]]);
  assert.deepEqual(placeBackends(2, 8, 1), [[0], [1]]);
});

test('a backend that comes later goes to an idle worker, to a new one while there may be more, then to the one with the fewest', () => {
  assert.equal(placeLater([1, 0], 'per-backend', 2), 1);
  assert.equal(placeLater([1, 1], 'per-backend', 2), 2);
  assert.equal(placeLater([1], 'auto', 4), 1);
  assert.equal(placeLater([2, 1, 2], 'auto', 4), 1);
  assert.equal(placeLater([3], 1, 64), 0);
  assert.equal(placeLater([], 'auto', 2), 0);
});
