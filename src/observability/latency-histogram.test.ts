import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATENCY_BOUNDS_MS, LatencyHistogram } from './latency-histogram.js';

test('a duration counts in the first bucket whose bound it does not pass', () => {
  const histogram = new LatencyHistogram();
  for (const ms of [0, 0.25, 0.2500001, 1, 60_000, 60_000.5, 1e9]) histogram.observe(ms);
  const expected = LATENCY_BOUNDS_MS.map((bound) => ({ 0.25: 2, 0.5: 1, 1: 1, 60000: 1 })[bound] ?? 0);
  assert.deepEqual([...histogram.counts], [...expected, 2]);
  assert.equal(histogram.sumMs, 0.25 + 0.2500001 + 1 + 60_000 + 60_000.5 + 1e9);
});

test('the bounds rise', () => {
  for (let i = 1; i < LATENCY_BOUNDS_MS.length; i++) assert.ok(LATENCY_BOUNDS_MS[i]! > LATENCY_BOUNDS_MS[i - 1]!);
});
