import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LatencyRecord } from './latency-record.js';
import { Schedule } from './schedule.js';

test('calls are due at their rate, on ticks', () => {
  const schedule = new Schedule(8000, 250);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((i) => schedule.intendedAt(i)),
    [0, 250, 250, 500, 500],
  );
  assert.equal(schedule.intendedAt(8000), 1e6);
});

test('as many calls are due as have a time that is past', () => {
  for (const rate of [1, 7, 999, 4000, 12_345, 33_333, 200_000]) {
    const schedule = new Schedule(rate, 250);
    for (let now = 0; now <= 20_000; now += 125) {
      const due = schedule.dueBy(now);
      assert.ok(schedule.intendedAt(due - 1) <= now, `call ${due - 1} at ${rate}/s is due at ${now}`);
      assert.ok(schedule.intendedAt(due) > now, `call ${due} at ${rate}/s is not due at ${now}`);
    }
  }
  assert.equal(new Schedule(1000, 250).dueBy(-1), 0);
});

test('a second holds as many calls as the rate says', () => {
  for (const rate of [1, 7, 999, 4000, 12_345]) {
    const schedule = new Schedule(rate, 250);
    assert.equal(schedule.dueBy(10e6) - schedule.dueBy(0), rate * 10);
  }
});

test('a latency begins when the call was meant to, not when it was sent', () => {
  const schedule = new Schedule(1000, 250);
  const record = new LatencyRecord();
  // The proxy stands still for 100 ms: the calls that were due meanwhile all end at its end.
  const due = schedule.dueBy(100_000);
  for (let i = 0; i < due; i++) record.add(schedule.intendedAt(i), 100_000);
  const { p50, p99, max } = record.summary();
  assert.ok(Math.abs(p50 - 50_000) < 1100, `${p50}`);
  assert.ok(Math.abs(p99 - 99_000) < 1100, `${p99}`);
  assert.ok(Math.abs(max - 100_000) < 101, `${max}`);
});

test('what is recorded is told to three digits', () => {
  const record = new LatencyRecord();
  for (let i = 1; i <= 1000; i++) record.add(0, i * 10);
  const { p50, p90, p999 } = record.summary();
  assert.ok(Math.abs(p50 - 5000) <= 10, `${p50}`);
  assert.ok(Math.abs(p90 - 9000) <= 10, `${p90}`);
  assert.ok(Math.abs(p999 - 9990) <= 10, `${p999}`);
  record.reset();
  assert.equal(record.summary().p99, 0);
});
