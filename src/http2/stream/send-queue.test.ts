import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SendQueue } from './send-queue.js';

test('what goes in comes out, in order and whole, however it is taken', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 80 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 25 })),
      (ranges, takes) => {
        const queue = new SendQueue();
        const out: Uint8Array[] = [];
        const takeOne = (): void => {
          const { buf, start, end } = queue.front();
          const n = Math.min(end - start, takes.next().value!);
          out.push(buf.slice(start, start + n));
          queue.advance(n);
        };
        for (const [i, range] of ranges.entries()) {
          queue.push(range, 0, range.length);
          if (i % 3 === 0 && queue.bytes > 0) takeOne();
        }
        while (queue.bytes > 0) takeOne();
        assert.deepEqual(Buffer.concat(out), Buffer.concat(ranges));
        assert.equal(queue.empty, true);
      },
    ),
  );
});

test('a small range of a large chunk is copied, so that the chunk can go', () => {
  const queue = new SendQueue();
  queue.push(Buffer.from(new ArrayBuffer(65536)), 100, 200);
  assert.ok(queue.front().buf.buffer.byteLength < 65536);
});
