import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteQueue } from './byte-queue.js';

test('what goes in comes out, in order and whole, however it is taken', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 80 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 25 })),
      (ranges, takes) => {
        const queue = new ByteQueue();
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
        assert.equal(queue.bytes, 0);
      },
    ),
  );
});

test('a small range of a large chunk is copied, so that the chunk can go', () => {
  const queue = new ByteQueue();
  queue.push(Buffer.from(new ArrayBuffer(65536)), 100, 200);
  assert.ok(queue.front().buf.buffer.byteLength < 65536);
});

for (const [what, chunkBytes] of [
  ['of large chunks', 65536],
  ['each in a chunk of its own', 1],
] as const) {
  test(`64 KiB in ranges of one byte ${what} take hardly more memory than 64 KiB`, () => {
    const queue = new ByteQueue();
    for (let i = 0; i < 65536; i++) queue.push(Buffer.from(new ArrayBuffer(chunkBytes)), 0, 1);
    const pieces = queue.waiting();
    assert.ok(pieces.length < 40, `${pieces.length} pieces`);
    const held = pieces.reduce((sum, { buf }) => sum + buf.buffer.byteLength, 0);
    assert.ok(held < 2 * 65536, `${held} bytes`);
  });
}

test('what was given out stays as it is when more is queued behind it', () => {
  const queue = new ByteQueue();
  const chunk = (text: string) => Buffer.from(text.padEnd(200, '-'));
  for (const text of ['abcdefgh', 'ij', 'kl']) queue.push(chunk(text), 0, text.length);
  const { buf, start, end } = queue.waiting().at(-1)!;
  const seen = Buffer.from(buf.subarray(start, end)).toString();
  queue.push(chunk('mn'), 0, 2);
  assert.equal(Buffer.from(buf.subarray(start, end)).toString(), seen);
});
