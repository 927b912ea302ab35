import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackError } from './hpack-error.js';
import { huffmanDecode, huffmanEncode, huffmanEncodedLength, maxDecodedLength } from './huffman.js';
import { codeLengths, codes, EOS } from './huffman-table.js';

function decode(src: Uint8Array): string {
  const out = Buffer.alloc(maxDecodedLength(src.length));
  return out.toString('latin1', 0, huffmanDecode(src, 0, src.length, out));
}

function encode(text: string): Buffer {
  const out = Buffer.alloc(huffmanEncodedLength(text));
  assert.equal(huffmanEncode(text, out, 0), out.length);
  return out;
}

/** The plainest decoder: bit by bit through a map of codes. Undefined for what RFC 7541 §5.2 calls an error. */
function plainDecode(src: Uint8Array): string | undefined {
  let text = '';
  let bits = '';
  for (const octet of src) {
    for (const bit of octet.toString(2).padStart(8, '0')) {
      bits += bit;
      const symbol = symbolOf.get(bits);
      if (symbol === EOS) return undefined;
      if (symbol === undefined) continue;
      text += String.fromCharCode(symbol);
      bits = '';
    }
  }
  return bits.length < 8 && !bits.includes('0') ? text : undefined;
}
const symbolOf = new Map<string, number>();
for (let symbol = 0; symbol <= EOS; symbol++) {
  symbolOf.set(codes[symbol]!.toString(2).padStart(codeLengths[symbol]!, '0'), symbol);
}

test('some codes of RFC 7541 Appendix B', () => {
  const rows: [number, string][] = [
    [0, '1111111111000'],
    ['0'.charCodeAt(0), '00000'],
    ['a'.charCodeAt(0), '00011'],
    ['z'.charCodeAt(0), '1111011'],
    ['&'.charCodeAt(0), '11111000'],
    ['\\'.charCodeAt(0), '1111111111111110000'],
    [10, '111111111111111111111111111100'],
    [127, '1111111111111111111111111100'],
    [255, '11111111111111111111101110'],
    [EOS, '111111111111111111111111111111'],
  ];
  for (const [symbol, code] of rows) assert.equal(symbolOf.get(code), symbol);
});

test('every string comes back', () => {
  const anyOctets = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets).toString('latin1'));
  fc.assert(
    fc.property(fc.oneof(anyOctets, fc.string({ maxLength: 200 })), (text) => {
      const wire = encode(text);
      assert.equal(decode(wire), text);
      assert.equal(plainDecode(wire), text);
    }),
  );
});

test('every octet by itself and after each other comes back', () => {
  for (let a = 0; a < 256; a++) {
    for (let b = 0; b < 256; b++) {
      const text = String.fromCharCode(a, b);
      assert.equal(decode(encode(text)), text);
    }
  }
});

test('any octets are either decoded as the plain decoder does or refused as it does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), fc.boolean(), (octets, ones) => {
      // Ones are the neighbourhood of padding, EOS and the longest codes.
      if (ones) for (let i = 1; i < octets.length; i++) octets[i]! |= 0xf0;
      const expected = plainDecode(octets);
      if (expected === undefined) assert.throws(() => decode(octets), HpackError);
      else assert.equal(decode(octets), expected);
    }),
    { numRuns: 5000 },
  );
});

test('padding: fewer than 8 bits, all ones (RFC 7541 §5.2)', () => {
  const refused = ['ff', '1fff', '00', '18', 'fffffffc', 'ffffffff', 'fffffffffc', 'fe'];
  for (const hex of refused) {
    const wire = Buffer.from(hex, 'hex');
    assert.throws(() => decode(wire), HpackError, hex);
  }
  assert.equal(decode(Buffer.from('1f', 'hex')), 'a');
  assert.equal(decode(Buffer.alloc(0)), '');
});

test('the longest output there can be fits', () => {
  const wire = Buffer.alloc(1000);
  assert.equal(decode(wire.subarray(0, 995)).length, 1592);
  assert.equal(maxDecodedLength(995), 1592);
});
