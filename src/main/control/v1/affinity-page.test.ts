import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AffinityTable } from '../../routing/affinity/affinity-table.js';
import type { RoutableBackend } from '../../routing/route.js';
import { affinityPage } from './affinity-page.js';

const backend = {
  name: 'b',
  current() {
    return backend;
  },
} as unknown as RoutableBackend;

function bind(table: AffinityTable, key: string): void {
  table.set(Buffer.from(key), 0, key.length, backend);
}

function filled(count: number): AffinityTable {
  const table = new AffinityTable(2_000_000, 0, () => 0);
  for (let i = 1; i <= count; i++) bind(table, `k${i}`);
  return table;
}

async function keys(table: AffinityTable, after: number, size: number): Promise<string[]> {
  return (await affinityPage(table, after, size)).entries.map(({ key }) => key);
}

test('pages follow each other; the last says that nothing follows', async () => {
  const table = filled(5);
  assert.deepEqual(await keys(table, 0, 2), ['k1', 'k2']);
  assert.deepEqual(await keys(table, 2, 2), ['k3', 'k4']);
  const last = await affinityPage(table, 4, 2);
  assert.deepEqual([last.entries.map(({ key }) => key), last.more], [['k5'], false]);
});

test('a page that a table ends with says so, and so does one behind its end', async () => {
  const table = filled(4);
  assert.equal((await affinityPage(table, 2, 2)).more, false);
  assert.deepEqual(await affinityPage(table, 1e15 - 1, 2), { entries: [], more: false });
});

test('what is forgotten between two pages is not listed, all that stays is, once', async () => {
  const table = filled(6);
  const first = await keys(table, 0, 2);
  for (const key of ['k2', 'k3']) table.delete(table.get(Buffer.from(key))!);
  bind(table, 'k7');
  const rest = (await keys(table, 2, 10)).filter((key) => key !== 'k7');
  assert.deepEqual(
    [first, rest],
    [
      ['k1', 'k2'],
      ['k4', 'k5', 'k6'],
    ],
  );
});

test('a page behind a million forgotten keys does not hold the event loop up', async () => {
  const table = filled(1_000_000);
  for (let row = 1; row <= 999_990; row++) table.delete(table.at(row)!);
  let turns = 0;
  const ticking = setInterval(() => turns++, 0);
  const page = await affinityPage(table, 0, 5);
  clearInterval(ticking);
  assert.deepEqual(
    page.entries.map(({ row }) => row),
    [999_991, 999_992, 999_993, 999_994, 999_995],
  );
  assert.ok(turns > 5, `${turns} timers ran meanwhile`);
});
