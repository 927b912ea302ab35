import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallNumbers } from './call-numbers.js';

const take = (numbers: CallNumbers<{ slot: number; generation: number }>): { slot: number; generation: number } => {
  const call = { slot: numbers.allotSlot(), generation: numbers.allotGeneration() };
  numbers.put(call);
  return call;
};

test('a number never reaches the call that took over its slot', () => {
  const numbers = new CallNumbers<{ slot: number; generation: number }>();
  const first = take(numbers);
  assert.equal(numbers.remove(first), true);
  const second = take(numbers);
  assert.equal(second.slot, first.slot);
  assert.equal(numbers.get(first.slot, first.generation), undefined);
  assert.equal(numbers.get(second.slot, second.generation), second);
});

test('a call is removed once, and slots stay dense', () => {
  const numbers = new CallNumbers<{ slot: number; generation: number }>();
  const calls = [take(numbers), take(numbers), take(numbers)];
  assert.equal(numbers.remove(calls[1]!), true);
  assert.equal(numbers.remove(calls[1]!), false);
  assert.equal(take(numbers).slot, 1);
  assert.equal(numbers.count, 3);
  assert.deepEqual([...numbers].length, 3);
});
