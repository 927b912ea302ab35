import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as afterTurn } from 'node:timers/promises';
import { Turn } from '../../http2/codec/turn.js';
import { type Arrival, Arrivals, type ArrivedCall } from './arrivals.js';

const MESSAGE = Buffer.from('\0\0\0\0\u0003abcrest', 'latin1');

/** Calls that write down what is asked of them. */
class Calls {
  readonly seen: string[] = [];
  readonly arrivals = new Arrivals(new Turn());

  add(name: string): Arrival {
    const call: ArrivedCall = {
      foresee: (buf, start, end) => {
        this.seen.push(`foresee ${name} ${buf.toString('latin1', start, end)}`);
        return name.length;
      },
      routeArrived: ({ buf, end, last, foreseen }) => {
        this.seen.push(`route ${name} ${buf.toString('latin1', 8, end)} ${last} ${foreseen}`);
      },
    };
    return this.arrivals.add(call, MESSAGE, 0, 8, MESSAGE.length, false);
  }
}

test('all calls of a turn are foreseen before the first is routed, in the order in which they came', async () => {
  const calls = new Calls();
  calls.add('a');
  calls.add('bb').last = true;
  assert.deepEqual(calls.seen, []);
  await afterTurn();
  assert.deepEqual(calls.seen, ['foresee a abc', 'foresee bb abc', 'route a rest false 1', 'route bb rest true 2']);
  await afterTurn();
  assert.equal(calls.seen.length, 4);
});

test('calls that are routed before the end of the turn are not routed again, and others may follow in it', async () => {
  const calls = new Calls();
  const first = calls.add('a');
  calls.arrivals.routeAll();
  assert.deepEqual([first.call, first.buf.length], [null, 0], 'nothing is kept');
  calls.add('b');
  await afterTurn();
  assert.deepEqual(
    calls.seen.filter((line) => line.startsWith('route')),
    ['route a rest false 1', 'route b rest false 1'],
  );
});

test('a turn of any number of calls takes a bounded number of places', async () => {
  const calls = new Calls();
  const places = new Set(Array.from({ length: 1000 }, (_, i) => calls.add(String(i))));
  assert.equal(places.size, 64);
  await afterTurn();
  assert.deepEqual(
    calls.seen.filter((line) => line.startsWith('route')).map((line) => line.split(' ')[1]),
    Array.from({ length: 1000 }, (_, i) => String(i)),
  );
});
