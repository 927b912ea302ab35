import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as afterTurn } from 'node:timers/promises';
import { Turn } from './turn.js';

test('what a turn’s work puts out leaves in the same turn, whoever asked first', async () => {
  const turn = new Turn();
  const seen: string[] = [];
  const port = { flush: () => seen.push('port') };
  turn.add({ flush: () => seen.push('socket') });
  turn.addWork({
    flush: () => {
      seen.push('work');
      turn.add(port);
    },
  });
  await afterTurn();
  assert.deepEqual(seen, ['work', 'socket', 'port']);
});

test('output made while a turn is flushed leaves in the next one', async () => {
  const turn = new Turn();
  const seen: string[] = [];
  const late = { flush: () => seen.push('late') };
  turn.add({ flush: () => turn.add(late) });
  await afterTurn();
  assert.deepEqual(seen, []);
  await afterTurn();
  assert.deepEqual(seen, ['late']);
});

test('work that comes while a turn is flushed is done in the next one, and its time is that turn’s', async () => {
  const turn = new Turn();
  const times: number[] = [];
  const began = turn.nowMs();
  turn.addWork({ flush: () => times.push(turn.nowMs()) });
  turn.add({ flush: () => turn.addWork({ flush: () => times.push(turn.nowMs()) }) });
  await afterTurn();
  assert.deepEqual(times, [began]);
  await afterTurn();
  assert.equal(times.length, 2);
  assert.ok(times[1]! > began);
});
