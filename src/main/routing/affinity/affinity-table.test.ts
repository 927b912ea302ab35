import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RoutableBackend } from '../route.js';
import { AffinityTable } from './affinity-table.js';

/** A backend that a new configuration can take away or put another one in the place of. */
class FakeBackend {
  readonly name: string;
  successor: FakeBackend | undefined = this;

  constructor(name: string) {
    this.name = name;
  }

  current(): FakeBackend | undefined {
    return this.successor;
  }
}

function fake(name: string): FakeBackend & RoutableBackend {
  return new FakeBackend(name) as FakeBackend & RoutableBackend;
}

/** The rules in their plainest form: a Map whose order is that of use. */
class Model {
  readonly entries = new Map<string, { backend: string; holders: number }>();
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  hold(key: string): boolean {
    const entry = this.entries.get(key);
    if (entry !== undefined) entry.holders++;
    return entry !== undefined;
  }

  release(key: string): void {
    const entry = this.entries.get(key)!;
    entry.holders--;
    if (entry.holders === 0) this.touch(key);
  }

  insert(key: string, backend: string, holders: number): boolean {
    if (this.entries.size === this.max) {
      const idle = [...this.entries].find(([, entry]) => entry.holders === 0);
      if (idle === undefined) return false;
      this.entries.delete(idle[0]);
    }
    this.entries.set(key, { backend, holders });
    return true;
  }

  touch(key: string): void {
    const entry = this.entries.get(key)!;
    this.entries.delete(key);
    this.entries.set(key, entry);
  }
}

const backends = [fake('b0'), fake('b1')];
const step = fc.record({
  what: fc.constantFrom('call', 'call', 'set', 'end', 'delete'),
  key: fc.nat(30),
  backend: fc.nat(1),
  ahead: fc.constantFrom(0, 0, 1, 70),
});

/** Of every length that is stored differently: none, parts of words, the longest in a row, beyond. */
const keyOf = (n: number): string => 'x'.repeat([0, 1, 3, 4, 5, 39, 40, 41, 1000][n % 9]!) + n;

test('a table does what the rules say: a bounded map that forgets the key unused for longest and none in use', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 300 }), (max, steps) => {
      const table = new AffinityTable(max, 0, () => 0);
      const model = new Model(max);
      const held: { row: number; key: string }[] = [];
      for (const { what, key: number, backend, ahead } of steps) {
        const key = keyOf(number);
        const chunk = Buffer.from(`<${key}>`);
        const [start, end] = [1, chunk.length - 1];
        if (what === 'call') {
          // As many as come at once, of which one is looked for.
          for (let n = 0; n < ahead; n++) table.foresee(chunk, start, Math.max(start, end - (n % 2)));
          let row = table.hold(chunk, start, end, ahead === 0 ? 0 : table.foresee(chunk, start, end));
          assert.equal(row !== 0, model.hold(key));
          if (row === 0) {
            row = table.add(chunk, start, end, backends[backend]!);
            assert.equal(row !== 0, model.insert(key, `b${backend}`, 1));
          }
          if (row !== 0) {
            assert.equal(table.keyOf(row), key);
            held.push({ row, key });
          }
        } else if (what === 'end') {
          const call = held.splice(number % Math.max(held.length, 1), 1)[0];
          if (call !== undefined) {
            table.release(call.row);
            model.release(call.key);
          }
        } else if (what === 'set') {
          const known = model.entries.get(key);
          const result = table.set(chunk, start, end, backends[backend]!);
          if (known === undefined) {
            assert.equal(result, model.insert(key, `b${backend}`, 0) ? undefined : 'full');
          } else {
            assert.equal(
              (result as RoutableBackend | undefined)?.name,
              known.backend === `b${backend}` ? undefined : known.backend,
            );
            if (result === undefined && known.holders === 0) model.touch(key);
          }
        } else {
          const entry = table.get(Buffer.from(key));
          if (entry?.calls === 0) {
            table.delete(entry);
            model.entries.delete(key);
          }
        }
      }
      const found = new Map<string, { backend: string; holders: number }>();
      for (let row = 1; row <= table.lastRow; row++) {
        const entry = table.at(row);
        if (entry !== undefined) found.set(entry.key, { backend: entry.backend.name, holders: entry.calls });
      }
      assert.deepEqual(new Map([...found].sort()), new Map([...model.entries].sort()));
      assert.equal(table.size, model.entries.size);
      // Rows are used again: there are never more than keys and calls at a time.
      assert.ok(table.lastRow <= max + 1);
    }),
    { numRuns: 300 },
  );
});

test('a key leads to what a new configuration puts in the place of its backend', () => {
  const table = new AffinityTable(10, 0, () => 0);
  const [before, after] = [fake('before'), fake('after')];
  const key = Buffer.from('key');
  table.set(key, 0, 3, before);
  before.successor = after;
  const row = table.hold(key, 0, 3, 0);
  assert.equal(table.backendOf(row), after);
  table.release(row);
  assert.equal(table.set(key, 0, 3, after), undefined);
});

test('keys of a backend and of the one in its place are the same backend’s, whichever was looked at first', () => {
  const table = new AffinityTable(10, 0, () => 0);
  const [before, after, next] = [fake('before'), fake('after'), fake('next')];
  table.set(Buffer.from('old'), 0, 3, before);
  before.successor = after;
  table.set(Buffer.from('new'), 0, 3, after);
  assert.equal(table.set(Buffer.from('old'), 0, 3, after), undefined);
  for (const key of ['old', 'new']) table.delete(table.get(Buffer.from(key))!);
  table.set(Buffer.from('1'), 0, 1, next);
  table.set(Buffer.from('2'), 0, 1, after);
  assert.deepEqual(
    ['1', '2'].map((key) => table.get(Buffer.from(key))!.backend.name),
    ['next', 'after'],
  );
});

test('a key whose backend is gone is forgotten when it is used, its calls end as they would, and its row is used again', () => {
  const table = new AffinityTable(10, 0, () => 0);
  const [gone, other] = [fake('gone'), fake('other')];
  const key = Buffer.from('key');
  const held = table.add(key, 0, 3, gone);
  gone.successor = undefined;
  assert.equal(table.hold(key, 0, 3, 0), 0);
  assert.equal(table.size, 0);
  assert.equal(table.at(held), undefined);
  const again = table.add(key, 0, 3, other);
  assert.notEqual(again, held);
  assert.equal(table.keyOf(held), 'key');
  table.release(held);
  table.release(again);
  assert.equal(table.get(key)?.backend, other);
  assert.equal(table.add(Buffer.from('new'), 0, 3, other), held);
});

test('a key that nobody uses for the idle time is forgotten; one in use is not', () => {
  let nowMs = 1;
  const table = new AffinityTable(10, 100, () => nowMs);
  const backend = fake('b');
  const [idle, busy] = [Buffer.from('idle'), Buffer.from('busy')];
  table.set(idle, 0, 4, backend);
  const row = table.add(busy, 0, 4, backend);
  nowMs = 100;
  assert.ok(table.get(idle));
  nowMs = 101;
  assert.equal(table.get(idle), undefined);
  assert.ok(table.get(busy));
  table.release(row);
  nowMs = 201;
  assert.equal(table.get(busy), undefined);
  assert.deepEqual(table.counters, { evictions: 0, expirations: 2, refusals: 0, conflicts: 0 });
});

test('a hundred thousand keys are each found where they were put, through all growth', () => {
  const table = new AffinityTable(100_000, 0, () => 0);
  for (let i = 0; i < 100_000; i++) {
    const key = Buffer.from(`device-${i}`);
    table.set(key, 0, key.length, backends[i & 1]!);
  }
  for (let i = 0; i < 100_000; i++) assert.equal(table.get(Buffer.from(`device-${i}`))?.backend, backends[i & 1]);
});
