import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MessageBoundary } from './message-boundary.js';
import { RpcError } from './rpc-error.js';
import { Status } from './status-code.js';

const body = fc.uint8Array({ maxLength: 40 });

function framed(messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    messages.map((m) => {
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(m.length, 1);
      return Buffer.concat([prefix, m]);
    }),
  );
}

test('however a stream is cut, the boundaries found are exactly those of its messages', () => {
  fc.assert(
    fc.property(
      fc.array(body, { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 20 })),
      (messages, cuts) => {
        const stream = framed(messages);
        const ends = new Set<number>();
        let end = 0;
        for (const m of messages) {
          end += 5 + m.length;
          ends.add(end);
        }
        const boundary = new MessageBoundary(1000, 'a peer');
        let pos = 0;
        while (pos < stream.length) {
          const next = Math.min(stream.length, pos + cuts.next().value!);
          const found = boundary.feed(stream, pos, next);
          const expected = Math.max(-1, ...[...ends].filter((e) => e > pos && e <= next));
          assert.equal(found, expected);
          assert.equal(boundary.between, ends.has(next));
          pos = next;
        }
      },
    ),
  );
});

test('a message over the limit is refused as soon as its prefix is complete', () => {
  const boundary = new MessageBoundary(10, 'a peer');
  assert.equal(boundary.feed(Buffer.from([0, 0, 0, 0]), 0, 4), -1);
  const refused = boundary.feed(Buffer.from([11]), 0, 1);
  assert.ok(refused instanceof RpcError);
  assert.equal(refused.code, Status.RESOURCE_EXHAUSTED);
});

test('a flag octet other than 0 or 1 makes the stream senseless', () => {
  const refused = new MessageBoundary(10, 'a peer').feed(Buffer.from([2, 0, 0, 0, 0]), 0, 5);
  assert.ok(refused instanceof RpcError);
  assert.equal(refused.code, Status.INTERNAL);
});
