import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exposition } from './exposition.js';
import { LatencyHistogram } from './latency-histogram.js';
import type { MetricDefinition } from './metrics.js';

const COUNTER = { type: 'counter', name: 'afrouter_things_total', help: 'Things.', labels: ['kind'] } as const;
const SECONDS = { type: 'histogram', name: 'afrouter_wait_seconds', help: 'Waits.', labels: ['kind'] } as const;
const DEFINITIONS: readonly MetricDefinition[] = [COUNTER, SECONDS];

async function linesOf(out: Exposition, name: string): Promise<string[]> {
  return (await out.text()).split('\n').filter((line) => line.startsWith(name));
}

test('what has the same labels is one series, and a scrape shows nothing of the one before', async () => {
  const out = new Exposition(DEFINITIONS);
  out.begin();
  out.add(COUNTER, ['a'], 2);
  out.add(COUNTER, ['a'], 3);
  assert.deepEqual(await linesOf(out, COUNTER.name), ['afrouter_things_total{kind="a"} 5']);
  out.begin();
  out.add(COUNTER, ['b'], 1);
  assert.deepEqual(await linesOf(out, COUNTER.name), ['afrouter_things_total{kind="b"} 1']);
});

test('no name of the configuration can break a line', async () => {
  const out = new Exposition(DEFINITIONS);
  out.begin();
  out.add(COUNTER, ['a"} 1\nb{x="\\'], 1);
  assert.deepEqual(await linesOf(out, COUNTER.name), [String.raw`afrouter_things_total{kind="a\"} 1\nb{x=\"\\"} 1`]);
});

test('a histogram’s buckets hold all that is shorter, in seconds', async () => {
  const out = new Exposition(DEFINITIONS);
  const durations = new LatencyHistogram();
  for (const ms of [0.1, 3, 100_000]) durations.observe(ms);
  out.begin();
  out.addDurations(SECONDS, ['a'], durations);
  const lines = await linesOf(out, SECONDS.name);
  const bucket = (le: string): string | undefined => lines.find((line) => line.includes(`le="${le}"`))?.split(' ')[1];
  assert.deepEqual(['0.00025', '0.0025', '0.005', '60', '+Inf'].map(bucket), ['1', '1', '2', '2', '3']);
  assert.ok(lines.includes('afrouter_wait_seconds_count{kind="a"} 3'));
  assert.ok(lines.includes('afrouter_wait_seconds_sum{kind="a"} 100.0031'));
});
