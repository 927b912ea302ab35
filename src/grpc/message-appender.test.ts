import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MessageAppender } from './message-appender.js';
import { RpcError } from './rpc-error.js';

function framed(messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    messages.map((m) => {
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(m.length, 1);
      return Buffer.concat([prefix, m]);
    }),
  );
}

test('every message comes out with the suffix and a right length, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 6 }),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 12 })),
      (messages, suffix, cuts) => {
        const appender = new MessageAppender(Buffer.from(suffix));
        const stream = framed(messages);
        const out: Buffer[] = [];
        let pos = 0;
        while (pos < stream.length) {
          const next = Math.min(stream.length, pos + cuts.next().value!);
          const refused = appender.feed(stream, pos, next, (b, s, e) => out.push(Buffer.from(b.subarray(s, e))));
          assert.equal(refused, undefined);
          pos = next;
        }
        const joined = Buffer.concat(out);
        assert.deepEqual(joined, framed(messages.map((m) => Buffer.concat([m, suffix]))));
        assert.equal(appender.added, joined.length - stream.length);
      },
    ),
  );
});

test('a compressed message is refused: nothing can be appended to it', () => {
  const appender = new MessageAppender(Buffer.from([1]));
  assert.ok(appender.feed(Buffer.from([1, 0, 0, 0, 0]), 0, 5, () => {}) instanceof RpcError);
});
