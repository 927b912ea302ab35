import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeBackends } from './placement.js';

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
