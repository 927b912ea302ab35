import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Stream } from '../stream/stream.js';
import { StreamTable } from './stream-table.js';

function streamOf(id: number): Stream {
  return { id, nextInBucket: null } as unknown as Stream;
}

test('a table holds what a Map holds, whatever comes and goes', () => {
  const step = fc.record({ add: fc.boolean(), pick: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 1, max: 40 }), (steps, gap) => {
      const table = new StreamTable();
      const model = new Map<number, Stream>();
      let nextId = 1;
      for (const { add, pick } of steps) {
        if (add || model.size === 0) {
          const stream = streamOf(nextId);
          // Ids may be left out (RFC 9113 §5.1.1).
          nextId += 2 * (1 + (pick % gap));
          table.add(stream);
          model.set(stream.id, stream);
        } else {
          const [id, stream] = [...model][pick % model.size]!;
          assert.equal(table.delete(stream), true);
          assert.equal(table.delete(stream), false);
          assert.equal(stream.nextInBucket, null);
          model.delete(id);
        }
        assert.equal(table.size, model.size);
      }
      for (let id = 1; id < nextId + 4; id += 2) assert.equal(table.get(id), model.get(id));
      assert.deepEqual(table.all(), [...model.values()]);
    }),
  );
});

test('streams that end point to nothing: what is dead must not keep others alive', () => {
  const table = new StreamTable();
  const streams = Array.from({ length: 5000 }, (_, i) => streamOf(2 * i + 1));
  for (const stream of streams) table.add(stream);
  table.clear();
  assert.ok(streams.every((stream) => stream.nextInBucket === null));
  assert.deepEqual(table.all(), []);
  assert.equal(table.size, 0);
});
