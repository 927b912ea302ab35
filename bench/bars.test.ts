import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BARS, type Bar, compareWithBars } from './bars.js';
import type { ScenarioResult } from './metrics.js';
import { SCENARIOS } from './scenarios/catalogue.js';

const ratioBar: Bar = {
  title: 'half as fast as the other',
  scenario: 's',
  case: 'second',
  metric: 'rate',
  target: 'ours',
  against: 'theirs',
  bound: 'at least',
  wanted: 0.5,
  unit: '×',
};
const memoryBar: Bar = {
  title: 'small',
  scenario: 's',
  case: 'second',
  metric: 'bytesPerStream',
  target: 'ours',
  bound: 'at most',
  wanted: 96,
  unit: 'KiB',
  scale: 1024,
};

function measured(rate: number, bytesPerStream: number): ScenarioResult[] {
  const targets = [
    { target: 'theirs', samples: [{ rate: 100 }] },
    { target: 'ours', samples: [{ rate, bytesPerStream }] },
  ];
  return [
    {
      scenario: 's',
      cases: [
        { name: 'first', targets: [] },
        { name: 'second', targets },
      ],
    },
  ];
}

test('a bar is reached by what is as good as wanted, and missed by what is worse', () => {
  const verdicts = (rate: number, bytes: number) =>
    compareWithBars(measured(rate, bytes), [ratioBar, memoryBar]).map(({ ok }) => ok);
  assert.deepEqual(verdicts(50, 96 * 1024), [true, true]);
  assert.deepEqual(verdicts(49, 97 * 1024), [false, false]);
});

test('the value is in the unit of the bar', () => {
  const [speed, memory] = compareWithBars(measured(75, 48 * 1024), [ratioBar, memoryBar]);
  assert.equal(speed!.value, 0.75);
  assert.equal(memory!.value, 48);
});

test('what was not measured is neither reached nor missed', () => {
  const [none] = compareWithBars([], [ratioBar]);
  assert.equal(none!.ok, undefined);
  const withoutPeer = [{ scenario: 's', cases: [{ name: 'second', targets: [] }] }];
  assert.equal(compareWithBars(withoutPeer, [ratioBar])[0]!.ok, undefined);
});

test('every bar names a scenario that there is', () => {
  const names = SCENARIOS.map(({ name }) => name);
  for (const { scenario, title } of BARS) assert.ok(names.includes(scenario), title);
});
