import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backlog } from './backlog.js';
import { ReplayBudget } from './replay-budget.js';

const plenty = () => new ReplayBudget(1_000_000);

test('everything is kept in order up to the limit', () => {
  const backlog = new Backlog(6, plenty());
  assert.equal(backlog.add(Buffer.from('xabcx'), 1, 4), true);
  assert.equal(backlog.add(Buffer.from('def'), 0, 3), true);
  assert.equal(Buffer.concat(backlog.kept.map((r) => r.buf.subarray(r.start, r.end))).toString(), 'abcdef');
});

test('one byte more drops all of it and says so once', () => {
  const backlog = new Backlog(3, plenty());
  backlog.add(Buffer.from('abc'), 0, 3);
  assert.equal(backlog.add(Buffer.from('d'), 0, 1), false);
  assert.equal(backlog.complete, false);
  assert.equal(backlog.bytes, 0);
  assert.deepEqual(backlog.kept, []);
  assert.equal(backlog.add(Buffer.from('e'), 0, 1), true);
});

test('a small range does not keep the large batch it came in', () => {
  const backlog = new Backlog(1000, plenty());
  backlog.add(Buffer.from(new ArrayBuffer(100000)), 10, 20);
  assert.ok(backlog.kept[0]!.buf.buffer.byteLength < 100000);
});

test('what is kept is sent again from any byte on, and the half-close with the last', () => {
  const backlog = new Backlog(1000, plenty());
  for (const text of ['abc', 'def', 'ghi']) backlog.add(Buffer.from(text), 0, 3);
  for (const [from, whole] of [
    [0, 'abcdefghi'],
    [4, 'efghi'],
    [6, 'ghi'],
    [9, ''],
  ] as const) {
    const sent: string[] = [];
    const ends: boolean[] = [];
    const sink = {
      send(buf: Uint8Array, start: number, end: number, last: boolean) {
        sent.push(Buffer.from(buf.subarray(start, end)).toString());
        ends.push(last);
      },
    };
    backlog.replayTo(sink, from, true);
    assert.equal(sent.join(''), whole);
    assert.deepEqual(
      ends,
      ends.map((_, i) => i === ends.length - 1),
    );
  }
});

test('what all calls keep is bounded, and given back when a call is over or outgrows its limit', () => {
  const budget = new ReplayBudget(10);
  const [one, other] = [new Backlog(8, budget), new Backlog(8, budget)];
  assert.equal(one.add(Buffer.alloc(6), 0, 6), true);
  assert.equal(other.add(Buffer.alloc(6), 0, 6), false, 'over the budget');
  assert.equal(other.complete, false);
  assert.equal(budget.bytes, 6);
  one.release();
  assert.equal(budget.bytes, 0);
  const third = new Backlog(8, budget);
  third.add(Buffer.alloc(6), 0, 6);
  assert.equal(third.add(Buffer.alloc(3), 0, 3), false, 'over its limit');
  assert.equal(budget.bytes, 0);
});
