import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AffinityTable } from './affinity/affinity-table.js';
import { Decision } from './decision.js';
import type { RoutableBackend } from './route.js';

const backend = { name: 'b', current: () => backend } as RoutableBackend;
const KEY = Buffer.from('a');

test('the key of a decision is given back once, however often it is released', () => {
  const table = new AffinityTable(1, 0, () => 0);
  const decision = Decision.held(backend, table, table.add(KEY, 0, 1, backend));
  assert.equal(decision.key, 'a');
  decision.release();
  assert.equal(decision.key, undefined);
  table.hold(KEY, 0, 1, 0);
  decision.release();
  assert.equal(table.get(KEY)!.calls, 1);
});

test('a decision that serves any number of calls has no key, and each of them may release it', () => {
  const decision = new Decision(backend, { connection: 2 });
  decision.release();
  decision.release();
  assert.equal(decision.key, undefined);
  assert.deepEqual([decision.backend, decision.connection], [backend, 2]);
});
