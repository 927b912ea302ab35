import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyHash } from './key-hash.js';

test('hashes are those of hsiphash (HalfSipHash-1-3) in Linux, lib/siphash_kunit.c', () => {
  const hash = new KeyHash(Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]));
  const octets = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]);
  const expected = [0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6];
  assert.deepEqual(
    expected.map((_, length) => hash.of(octets, 0, length) >>> 0),
    expected,
  );
});

test('a hash depends on the octets and the seed, not on where they lie', () => {
  const [one, other] = [new KeyHash(Buffer.alloc(8, 1)), new KeyHash(Buffer.alloc(8, 2))];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array(), fc.uint8Array(), (key, before, after) => {
      const chunk = Buffer.concat([before, key, after]);
      const found = one.of(chunk, before.length, before.length + key.length);
      assert.equal(found, one.of(Buffer.from(key), 0, key.length));
    }),
  );
  const key = Buffer.from('key');
  assert.notEqual(one.of(key, 0, 3), other.of(key, 0, 3));
});
