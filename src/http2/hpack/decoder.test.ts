import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DecoderOptions, HpackDecoder, oversizedList } from './decoder.js';
import { Indexing } from './header-field.js';
import type { HeaderList } from './header-list.js';
import { HpackError } from './hpack-error.js';
import { SharedHeaderLists } from './shared-header-lists.js';

function decoderWith(options: Partial<DecoderOptions> = {}): HpackDecoder {
  return new HpackDecoder({
    tableSize: 4096,
    maxListBytes: 8192,
    maxListFields: 100,
    shared: new SharedHeaderLists(64),
    ...options,
  });
}

function decode(decoder: HpackDecoder, hex: string): HeaderList {
  // Not at the start of its buffer, and with other bytes after it, as in a read chunk.
  const block = Buffer.from(`ffff${hex}ffff`, 'hex');
  return decoder.decode(block, 2, block.length - 2);
}

/** A plain (not Huffman-coded) string literal in hex. */
function str(text: string): string {
  const octets = Buffer.from(text, 'latin1');
  assert.ok(octets.length < 127);
  return Buffer.concat([Buffer.from([octets.length]), octets]).toString('hex');
}

/** Literal fields with a new name: with incremental indexing, without, never. */
const add = (name: string, value: string) => `40${str(name)}${str(value)}`;
const plain = (name: string, value: string) => `00${str(name)}${str(value)}`;
const never = (name: string, value: string) => `10${str(name)}${str(value)}`;

function pairs(list: HeaderList): [string, string][] {
  return list.fields.map((field) => [field.name, field.value]);
}

// ── what repeats ───────────────────────────────────────────────────────────────────────────────────────────────────────

test('a field is raised to repeated when the peer refers to it, and is then the same object each time', () => {
  const decoder = decoderWith();
  const [first] = decode(decoder, add('x-a', '1')).fields;
  assert.equal(first?.indexing, Indexing.once);
  const [second] = decode(decoder, 'be').fields;
  assert.equal(second?.indexing, Indexing.repeated);
  const [third, literal] = decode(decoder, `be${plain('x-trace', '77')}`).fields;
  assert.equal(third, second);
  assert.equal(literal?.indexing, Indexing.once);
  assert.equal(decode(decoder, never('x-secret', 's')).fields[0]?.indexing, Indexing.never);
  assert.equal(decode(decoder, '82').fields[0]?.indexing, Indexing.repeated);
});

test('a block that repeats yields one shared list until the table changes', () => {
  const decoder = decoderWith();
  decode(decoder, add('x-a', '1'));
  decode(decoder, add('x-b', '2'));
  assert.equal(decode(decoder, '82bebf').shared, false);
  const list = decode(decoder, '82bebf');
  assert.equal(list.shared, true);
  assert.equal(decode(decoder, '82bebf'), list);
  // Others in between do not matter …
  for (let i = 0; i < 3; i++)
    assert.deepEqual(pairs(decode(decoder, '8286')), [
      [':method', 'GET'],
      [':scheme', 'http'],
    ]);
  assert.equal(decode(decoder, '82bebf'), list);
  assert.equal(decode(decoder, '8286'), decode(decoder, '8286'));
  // … an insertion does: the same bytes now say something else.
  decode(decoder, add('x-c', '3'));
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(pairs(decode(decoder, '82bebf')), [
      [':method', 'GET'],
      ['x-c', '3'],
      ['x-b', '2'],
    ]);
  }
  // The old bytes of the list are new ones, and the list is found again by content.
  decode(decoder, '82bfc0');
  assert.equal(decode(decoder, '82bfc0'), list);
});

test('eviction and a size update make cached blocks void', () => {
  const decoder = decoderWith();
  decode(decoder, add('x-a', '1'));
  for (let i = 0; i < 3; i++) decode(decoder, 'be');
  // To 0 and back: the table is empty.
  decode(decoder, '203fe11f82');
  assert.throws(() => decode(decoder, 'be'), HpackError);

  const other = decoderWith();
  decode(other, add('x-a', '1'));
  // To 48 bytes: the field stays, until one larger than the table empties it (RFC 7541 §4.4).
  decode(other, '3f1182');
  for (let i = 0; i < 3; i++) assert.deepEqual(pairs(decode(other, 'be')), [['x-a', '1']]);
  assert.deepEqual(pairs(decode(other, add('big', 'v'.repeat(40)))), [['big', 'v'.repeat(40)]]);
  assert.throws(() => decode(other, 'be'), HpackError);
});

test('literals that repeat byte for byte have proved to repeat (nghttp2 writes :path so), except those never to be indexed', () => {
  const shared = new SharedHeaderLists(64);
  const decoder = decoderWith({ shared });
  const block = `82${plain('x-path', '/a')}${never('authorization', 'secret')}`;
  assert.deepEqual(
    decode(decoder, block).fields.map((field) => field.indexing),
    [Indexing.repeated, Indexing.once, Indexing.never],
  );
  decode(decoder, block);
  const list = decode(decoder, block);
  assert.deepEqual(
    list.fields.map((field) => field.indexing),
    [Indexing.repeated, Indexing.repeated, Indexing.never],
  );
  // Another connection of the thread that says the same in other bytes gets the same list.
  const other = decoderWith({ shared });
  decode(other, add('x-path', '/a'));
  const indexed = `82be${never('authorization', 'secret')}`;
  decode(other, indexed);
  assert.equal(decode(other, indexed), list);
});

test('blocks that add to the table are never taken from the cache', () => {
  const decoder = decoderWith();
  for (let i = 0; i < 4; i++) assert.equal(decode(decoder, add('x-a', '1')).shared, false);
  assert.deepEqual(pairs(decode(decoder, 'bebfc0c1')), new Array(4).fill(['x-a', '1']));
  assert.throws(() => decode(decoder, 'c2'), HpackError);
});

test('an empty block is an empty list', () => {
  const decoder = decoderWith();
  for (let i = 0; i < 4; i++) assert.deepEqual(decode(decoder, '').fields, []);
});

test('a block longer than the cache takes is decoded each time', () => {
  const decoder = decoderWith();
  const block = plain('x', 'v'.repeat(100)).repeat(12);
  for (let i = 0; i < 4; i++) assert.equal(decode(decoder, block).fields.length, 12);
});

// ── limits ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a list over maxListBytes is oversized, one at the limit is not', () => {
  // name 1 + value 7 + 32 = 40 bytes a field.
  const decoder = decoderWith({ maxListBytes: 80 });
  assert.equal(decode(decoder, plain('x', '1234567').repeat(2)).fields.length, 2);
  assert.equal(decode(decoder, plain('x', '1234567') + plain('x', '12345678')), oversizedList);
  assert.deepEqual(oversizedList.fields, []);
  assert.equal(oversizedList.shared, false);
});

test('a list over maxListFields is oversized, one at the limit is not', () => {
  const decoder = decoderWith({ maxListFields: 3 });
  assert.equal(decode(decoder, '828282').fields.length, 3);
  assert.equal(decode(decoder, '82828282'), oversizedList);
  for (let i = 0; i < 4; i++) assert.equal(decode(decoder, '82828282'), oversizedList);
});

test('Huffman-coded and indexed fields are charged as what they stand for', () => {
  // "0" has 5 bits: 100 bytes become 160.
  const decoder = decoderWith({ maxListBytes: 32 + 1 + 160 });
  assert.equal(decode(decoder, `0001${'78'}e4${'00'.repeat(100)}`).fields[0]?.value, '0'.repeat(160));
  assert.equal(decode(decoder, `0002${'7878'}e4${'00'.repeat(100)}`), oversizedList);
  const small = decoderWith({ maxListBytes: 100 });
  decode(small, add('x', '1'.repeat(60)));
  assert.equal(decode(small, 'be').fields.length, 1);
  assert.equal(decode(small, 'bebe'), oversizedList);
});

test('an oversized block still keeps the table in step', () => {
  const decoder = decoderWith({ maxListFields: 2 });
  assert.equal(decode(decoder, `828282${add('x-a', '1')}${plain('y', 'z')}${add('x-b', '2')}`), oversizedList);
  assert.deepEqual(pairs(decode(decoder, 'bebf')), [
    ['x-b', '2'],
    ['x-a', '1'],
  ]);

  const bytes = decoderWith({ maxListBytes: 100 });
  const long = 'v'.repeat(90);
  assert.equal(decode(bytes, add('x-a', long) + add('x-b', long)), oversizedList);
  assert.equal(decode(bytes, 'bf'), oversizedList);
  assert.equal(decode(bytes, plain('k', 'v')).fields.length, 1);
  // The newest has index 62; both are there with their values, as its size tells.
  assert.equal(decode(decoderWith(), add('x-a', long)).fields[0]?.value, long);
});

test('a string that cannot have a place in the table is not made, and empties the table as it should', () => {
  const decoder = decoderWith({ maxListBytes: 5000, tableSize: 4096 });
  decode(decoder, add('x-a', '1'));
  // 4700 plain octets: within four times the limit, over the limit with what comes before, over the table.
  const value = `7fdd23${'61'.repeat(4700)}`;
  assert.equal(decode(decoder, `${plain('x', 'v'.repeat(120)).repeat(3)}400162${value}`), oversizedList);
  assert.throws(() => decode(decoder, 'be'), HpackError);
});

test('what unfolds to over four times a limit ends the connection', () => {
  const fields = decoderWith({ maxListFields: 10 });
  assert.equal(decode(fields, '82'.repeat(40)), oversizedList);
  assert.throws(() => decode(fields, '82'.repeat(41)), HpackError);
  // The classic bomb: one large entry, referred to over and over.
  const bomb = decoderWith({ maxListBytes: 8192, maxListFields: 1e6 });
  decode(bomb, `4001787f8119${'61'.repeat(3328)}`);
  assert.throws(() => decode(bomb, 'be'.repeat(8000)), HpackError);
});

// ── malformed blocks ───────────────────────────────────────────────────────────────────────────────────────────────────

test('malformed blocks are refused', () => {
  const cases: [string, string][] = [
    ['80', 'index 0'],
    ['be', 'an index past an empty table'],
    ['ff8001', 'a far index'],
    ['7f0000', 'a name index past the table'],
    ['ffffffffff7f', 'an index that overflows'],
    ['00', 'a literal without a name'],
    ['0001', 'a name cut off'],
    ['000178', 'a literal without a value'],
    ['000178027a', 'a value cut off'],
    ['0001787fffffffff7f', 'a length that overflows'],
    ['00017881ff', 'Huffman padding of 8 bits'],
    ['00017884ffffffff', 'EOS'],
    ['3fe21f', 'a table size of 4097'],
    ['8220', 'a table size update after a field'],
    ['203fe11f8220', 'two at the start and one at the end'],
  ];
  for (const [hex, what] of cases) assert.throws(() => decode(decoderWith(), hex), HpackError, what);
});

test('a block cut off anywhere, or changed anywhere, is decoded or refused with HpackError', () => {
  const block = Buffer.from(
    `3fe10f82${add('x-a', 'one')}be${plain('y', 'two')}${never('z', 'three')}` +
      '418cf1e3c2e5f23a6ba0ab90f4ff5886a8eb10649cbf408825a849e95ba97d7f8925a849e95bb8e8b4bfff01',
    'hex',
  );
  const attempt = (bytes: Buffer) => {
    const decoder = decoderWith();
    try {
      decoder.decode(bytes, 0, bytes.length);
      decoder.decode(bytes, 0, bytes.length);
    } catch (error) {
      assert.ok(error instanceof HpackError, String(error));
    }
  };
  for (let end = 0; end <= block.length; end++) attempt(block.subarray(0, end));
  for (let i = 0; i < block.length; i++) {
    for (let value = 0; value < 256; value++) {
      const changed = Buffer.from(block);
      changed[i] = value;
      attempt(changed);
    }
  }
});

test('any octets are decoded or refused with HpackError, within the limits', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 12 }), (blocks) => {
      const decoder = decoderWith({ maxListBytes: 300, maxListFields: 6 });
      for (const bytes of blocks) {
        try {
          const list = decoder.decode(Buffer.from(bytes), 0, bytes.length);
          assert.ok(list.size <= 300 && list.fields.length <= 6);
        } catch (error) {
          assert.ok(error instanceof HpackError, String(error));
          return;
        }
      }
    }),
    { numRuns: 3000 },
  );
});

// ── the size of the table ──────────────────────────────────────────────────────────────────────────────────────────────

test('a smaller table than the default: the default until the peer knows, then its update is due', () => {
  const decoder = decoderWith({ tableSize: 256 });
  decode(decoder, add('x-a', '1'));
  decode(decoder, 'be');
  decode(decoder, 'be');
  decode(decoder, 'be');
  decoder.settingsAcknowledged();
  assert.throws(() => decode(decoder, 'be'), HpackError);

  const polite = decoderWith({ tableSize: 256 });
  decode(polite, add('x-a', '1'));
  polite.settingsAcknowledged();
  assert.deepEqual(pairs(decode(polite, '3fe101be')), [['x-a', '1']]);
  assert.deepEqual(pairs(decode(polite, 'be')), [['x-a', '1']]);
  assert.throws(() => decode(polite, '3fe20182'), HpackError);
});

test('a peer that went below our size by itself owes no update', () => {
  const decoder = decoderWith({ tableSize: 256 });
  decode(decoder, `20${add('x-a', '1')}`);
  decoder.settingsAcknowledged();
  assert.deepEqual(pairs(decode(decoder, '82')), [[':method', 'GET']]);
});

test('a larger table than the default is used when the peer says so', () => {
  const decoder = decoderWith({ tableSize: 8192 });
  decoder.settingsAcknowledged();
  const fill = (n: number) => {
    for (let i = 0; i < n; i++) decode(decoder, add(`x${i % 10}`, 'v'.repeat(94)));
  };
  // Fields of 128 bytes: 32 in 4096, 64 in 8192.
  fill(100);
  assert.throws(() => decode(decoder, 'de'), HpackError);
  decode(decoder, '3fe13f82');
  fill(100);
  assert.equal(decode(decoder, 'fd').fields.length, 1);
  assert.throws(() => decode(decoder, 'fe'), HpackError);
  assert.throws(() => decode(decoder, '3fe23f82'), HpackError);
});
