import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AffinityTable } from '../../routing/affinity-table.js';
import type { RoutableBackend } from '../../routing/route.js';
import { AffinityPages } from './affinity-pages.js';

const backend = { name: 'b' } as RoutableBackend;

function filled(count: number): AffinityTable {
  const table = new AffinityTable(2_000_000, 0, () => 0);
  for (let i = 1; i <= count; i++) table.set(`k${i}`, backend);
  return table;
}

async function keys(pages: AffinityPages, table: AffinityTable, after: number, size: number): Promise<string[]> {
  return (await pages.page(table, after, size)).entries.map(({ key }) => key);
}

test('pages follow each other; the last says that nothing follows', async () => {
  const table = filled(5);
  const pages = new AffinityPages();
  assert.deepEqual(await keys(pages, table, 0, 2), ['k1', 'k2']);
  assert.deepEqual(await keys(pages, table, 2, 2), ['k3', 'k4']);
  const last = await pages.page(table, 4, 2);
  assert.deepEqual([last.entries.map(({ key }) => key), last.more], [['k5'], false]);
});

test('any page can be asked for again, and by several at a time', async () => {
  const table = filled(6);
  const pages = new AffinityPages();
  const both = () => Promise.all([keys(pages, table, 2, 2), keys(pages, table, 2, 2)]);
  await pages.page(table, 0, 2);
  assert.deepEqual(await both(), [
    ['k3', 'k4'],
    ['k3', 'k4'],
  ]);
  assert.deepEqual(await keys(pages, table, 0, 3), ['k1', 'k2', 'k3']);
});

test('what is forgotten between two pages is not listed, what is new comes last', async () => {
  const table = filled(6);
  const pages = new AffinityPages();
  await pages.page(table, 0, 2);
  for (const key of ['k2', 'k3']) table.delete(table.get(key)!);
  table.set('k2', backend);
  assert.deepEqual(await keys(pages, table, 2, 10), ['k4', 'k5', 'k6', 'k2']);
});

test('a page deep in a million keys does not hold the event loop up', async () => {
  const table = filled(1_000_000);
  const pages = new AffinityPages();
  let turns = 0;
  const ticking = setInterval(() => turns++, 0);
  const page = await pages.page(table, 999_990, 5);
  clearInterval(ticking);
  assert.deepEqual(
    page.entries.map(({ serial }) => serial),
    [999_991, 999_992, 999_993, 999_994, 999_995],
  );
  assert.ok(turns > 5, `${turns} timers ran meanwhile`);
});
