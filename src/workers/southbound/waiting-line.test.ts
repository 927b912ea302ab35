import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ReplicaStream } from './replica-stream.js';
import { WaitingLine } from './waiting-line.js';

interface FakeLeg {
  place: number;
  turnedAway(why: string): void;
}

function legOf(turnedAway: (why: string) => void = () => {}): ReplicaStream {
  const leg: FakeLeg = { place: -1, turnedAway };
  return leg as unknown as ReplicaStream;
}

test('legs leave a line in the order in which they came, wherever others leave it before', () => {
  const step = fc.record({ what: fc.constantFrom('add', 'add', 'first', 'any'), pick: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.constantFrom(1, 700), (steps, times) => {
      const line = new WaitingLine(0, () => {});
      const model: ReplicaStream[] = [];
      for (const { what, pick } of steps) {
        for (let i = 0; i < times; i++) {
          if (what === 'add') {
            const leg = legOf();
            line.add(leg);
            model.push(leg);
          } else if (model.length > 0) {
            const leg = model.splice(what === 'first' ? 0 : pick % model.length, 1)[0]!;
            line.remove(leg);
            line.remove(leg);
          }
        }
        assert.equal(line.count, model.length);
        assert.equal(line.first, model[0]);
      }
    }),
  );
});

test('a first leg that never goes does not keep the places of those that come and go behind it', () => {
  const line = new WaitingLine(0, () => {});
  const first = legOf();
  line.add(first);
  for (let i = 0; i < 100_000; i++) {
    const leg = legOf();
    line.add(leg);
    line.remove(leg);
    assert.ok(leg.place <= 1027, `place ${leg.place}`);
  }
  assert.equal(line.first, first);
});

test('all are sent away in order; one that leaves because of it, or comes, does no harm', () => {
  const line = new WaitingLine(0, () => {});
  const told: string[] = [];
  const late = legOf();
  const second = legOf((why) => told.push(`second ${why}`));
  const first = legOf((why) => {
    told.push(`first ${why}`);
    line.remove(second);
    line.add(late);
  });
  line.add(first);
  line.add(second);
  line.turnAway('closed');
  assert.deepEqual(told, ['first closed', 'second closed']);
  assert.equal(line.count, 1);
  assert.equal(line.first, late);
});
