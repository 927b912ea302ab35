import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CaseResult } from './metrics.js';
import { median, ratio, spread } from './stats.js';

test('the median is the middle one, or the mean of the two in the middle', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([9, 1, 5, 6]), 5.5);
  assert.ok(Number.isNaN(median([])));
});

test('the spread is half of what lies between the extremes, relative to the median', () => {
  assert.equal(spread([90, 100, 110]), 0.1);
  assert.equal(spread([7]), 0);
});

test('a ratio compares round by round', () => {
  const result: CaseResult = {
    name: 'a machine that slows down',
    targets: [
      { target: 'a', samples: [{ rate: 200 }, { rate: 20 }, { rate: 22 }] },
      { target: 'b', samples: [{ rate: 100 }, { rate: 10 }, { rate: 10 }] },
    ],
  };
  assert.equal(ratio(result, 'a', 'b', 'rate'), 2);
  const gap: CaseResult = {
    name: 'a round without a figure',
    targets: [
      { target: 'a', samples: [{ rate: 30 }, { rate: 20 }, { rate: 50 }] },
      { target: 'b', samples: [{ rate: 10 }, {}, { rate: 10 }] },
    ],
  };
  assert.equal(ratio(gap, 'a', 'b', 'rate'), 4);
  assert.equal(ratio(result, 'a', 'c', 'rate'), undefined);
  assert.equal(ratio(result, 'a', 'b', 'p99'), undefined);
});
