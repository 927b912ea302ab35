import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackError } from './hpack-error.js';
import { encodeInteger, IntegerReader, MAX_INTEGER, MAX_INTEGER_BYTES } from './integer.js';

test('RFC 7541 C.1: 10, 1337 and 42', () => {
  const cases: [number, number, string][] = [
    [10, 5, '0a'],
    [1337, 5, '1f9a0a'],
    [42, 8, '2a'],
  ];
  for (const [value, prefixBits, wire] of cases) {
    const out = Buffer.alloc(MAX_INTEGER_BYTES);
    const end = encodeInteger(out, 0, prefixBits, 0, value);
    assert.equal(out.toString('hex', 0, end), wire);
    const reader = new IntegerReader();
    assert.equal(reader.read(out, 0, end, prefixBits), value);
    assert.equal(reader.position, end);
  }
});

test('every integer comes back, whatever the prefix and the bits above it', () => {
  const reader = new IntegerReader();
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: MAX_INTEGER })),
      fc.integer({ min: 1, max: 8 }),
      (value, prefixBits) => {
        const pattern = (0xff << prefixBits) & 0xff;
        const out = Buffer.alloc(MAX_INTEGER_BYTES + 2, 0xaa);
        const end = encodeInteger(out, 1, prefixBits, pattern, value);
        assert.ok(end <= 1 + MAX_INTEGER_BYTES);
        assert.equal(out[1]! & pattern, pattern);
        assert.equal(reader.read(out, 1, out.length, prefixBits), value);
        assert.equal(reader.position, end);
        for (let cut = 1; cut < end; cut++) assert.throws(() => reader.read(out, 1, cut, prefixBits), HpackError);
      },
    ),
  );
});

test('integers past the bound are refused, in value and in length', () => {
  const reader = new IntegerReader();
  const read = (hex: string) => {
    const buf = Buffer.from(hex, 'hex');
    return reader.read(buf, 0, buf.length, 7);
  };
  assert.equal(read('7f80ffffff07'), MAX_INTEGER);
  assert.throws(() => read('7f81ffffff07'), HpackError);
  assert.throws(() => read('7fffffffff7f'), HpackError);
  // Zeros that only pad: five octets are taken, six are not, and a thousand cost no more than six.
  assert.equal(read('7f8080808000'), 127);
  assert.throws(() => read('7f808080808000'), HpackError);
  assert.throws(() => read(`7f${'80'.repeat(1000)}00`), HpackError);
});
