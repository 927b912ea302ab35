import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HpackDecoder } from './decoder.js';
import { HpackEncoder } from './encoder.js';
import { HeaderField, Indexing } from './header-field.js';
import { HeaderList } from './header-list.js';
import { SharedHeaderLists } from './shared-header-lists.js';

function field(name: string, value: string, indexing: Indexing = Indexing.repeated): HeaderField {
  return new HeaderField(name, value, indexing);
}

function sharedList(...fields: HeaderField[]): HeaderList {
  const list = new HeaderList(fields);
  list.shared = true;
  return list;
}

/** One header block in hex. */
function encode(encoder: HpackEncoder, list: HeaderList, extra?: HeaderField): string {
  const out = Buffer.alloc(encoder.maxEncodedLength(list, extra) + 8);
  const end = encoder.encode(list, extra, out, 8);
  assert.ok(end <= out.length);
  return out.toString('hex', 8, end);
}

function newDecoder(): HpackDecoder {
  return new HpackDecoder({
    tableSize: 65536,
    maxListBytes: 1e6,
    maxListFields: 1000,
    shared: new SharedHeaderLists(64),
  });
}

function decoded(decoder: HpackDecoder, hex: string): [string, string][] {
  const block = Buffer.from(hex, 'hex');
  return decoder.decode(block, 0, block.length).fields.map((f) => [f.name, f.value]);
}

test('only fields that repeat get a place in the table', () => {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  const once = encode(encoder, new HeaderList([field('x-once', '1', Indexing.once)]));
  assert.equal(encode(encoder, new HeaderList([field('x-once', '1', Indexing.once)])), once);
  const never = encode(encoder, new HeaderList([field('x-never', '1', Indexing.never)]));
  assert.equal(never.slice(0, 2), '10');
  assert.equal(encode(encoder, new HeaderList([field('x-never', '1', Indexing.never)])), never);
  assert.equal(encode(encoder, new HeaderList([field('x-rep', '1')])).slice(0, 2), '40');
  // Found by content, and the next time by identity.
  const equal = new HeaderList([field('x-rep', '1')]);
  assert.equal(encode(encoder, equal), 'be');
  assert.equal(encode(encoder, equal), 'be');
});

test('equal to a static entry: indexed, except what must never be', () => {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  assert.equal(encode(encoder, new HeaderList([field(':method', 'POST', Indexing.once)])), '83');
  assert.equal(encode(encoder, new HeaderList([field(':method', 'POST')])), '83');
  assert.equal(encode(encoder, new HeaderList([field(':status', '404')])), '8d');
  assert.equal(encode(encoder, new HeaderList([field('www-authenticate', '')])), 'bd');
  assert.equal(encode(encoder, new HeaderList([field(':method', 'POST', Indexing.never)])), '1204504f5354');
});

test('names are indexed too, from either table', () => {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  assert.equal(encode(encoder, new HeaderList([field('etag', 'a', Indexing.once)])), '0f130161');
  encode(encoder, new HeaderList([field('x-rep', '1')]));
  assert.equal(encode(encoder, new HeaderList([field('x-rep', 'a', Indexing.once)])), '0f2f0161');
  assert.equal(encode(encoder, new HeaderList([field('x-rep', 'a', Indexing.never)])), '1f2f0161');
  assert.equal(encode(encoder, new HeaderList([field('x-rep', 'a')])), '7e0161');
});

test('a shared list is encoded once; an insertion voids what was kept', () => {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  const decoder = newDecoder();
  const list = sharedList(field(':method', 'POST'), field('x-a', '1'), field('x-b', '2'));
  const expected = [
    [':method', 'POST'],
    ['x-a', '1'],
    ['x-b', '2'],
  ];
  for (let i = 0; i < 4; i++) assert.deepEqual(decoded(decoder, encode(encoder, list)), expected);
  assert.equal(encode(encoder, list), '83bfbe');
  const other = sharedList(field('x-c', '3'), field('x-a', '1'));
  for (let i = 0; i < 4; i++) {
    assert.deepEqual(decoded(decoder, encode(encoder, other)), [
      ['x-c', '3'],
      ['x-a', '1'],
    ]);
    assert.deepEqual(decoded(decoder, encode(encoder, list)), expected);
  }
  assert.equal(encode(encoder, list), '83c0bf');
  // With one more field at the end, that which is kept is kept.
  const extra = field('serial', '17', Indexing.once);
  assert.deepEqual(decoded(decoder, encode(encoder, list, extra)), [...expected, ['serial', '17']]);
  assert.equal(encode(encoder, list), '83c0bf');
  assert.deepEqual(decoded(decoder, encode(encoder, sharedList(), extra)), [['serial', '17']]);
  assert.equal(encode(encoder, sharedList()), '');
});

test('a field larger than half the table is written as a literal', () => {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  const big = sharedList(field('x', 'v'.repeat(2016)));
  assert.equal(encode(encoder, big).slice(0, 2), '00');
  const fits = sharedList(field('x', 'v'.repeat(2015)));
  assert.equal(encode(encoder, fits).slice(0, 2), '40');
  assert.equal(encode(encoder, fits), 'be');
});

test('more repeating fields than the table holds do not make it churn', () => {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  const decoder = newDecoder();
  // 200 fields of 100 bytes; the table holds 40.
  const fields = Array.from({ length: 200 }, (_, i) => field('path', `${i}`.padStart(64, '/')));
  let insertions = 0;
  for (let round = 0; round < 32; round++) {
    for (const f of fields) {
      const wire = encode(encoder, new HeaderList([f]));
      if ((Number.parseInt(wire.slice(0, 2), 16) & 0xc0) === 0x40) insertions++;
      assert.deepEqual(decoded(decoder, wire), [['path', f.value]]);
    }
  }
  // 40 that fit, 8 saved up, one in 32 blocks.
  assert.ok(insertions <= 40 + 8 + (32 * 200) / 32, `${insertions} insertions`);
  assert.ok(insertions > 100, `${insertions} insertions: the table no longer turns over`);
});

test('the peer’s table size is announced with the smallest in between (RFC 7541 §4.2)', () => {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  const list = sharedList(field('x-a', '1'));
  encode(encoder, list);
  assert.equal(encode(encoder, list), 'be');
  encoder.setPeerTableSize(4096);
  encoder.setPeerTableSize(65536);
  assert.equal(encode(encoder, list), 'be', 'nothing changed: our own bound is 4096');
  encoder.setPeerTableSize(100);
  encoder.setPeerTableSize(2048);
  // By way of 0, for the sake of Go's decoder.
  assert.equal(encode(encoder, list).slice(0, 10), '203fe10f40');
  assert.equal(encode(encoder, list), 'be');
  encoder.setPeerTableSize(100);
  assert.equal(encode(encoder, list), '3f45be', '36 bytes fit 100');
  assert.equal(encode(encoder, list), 'be');
  encoder.setPeerTableSize(0);
  encoder.setPeerTableSize(30);
  encoder.setPeerTableSize(4096);
  assert.equal(encode(encoder, list).slice(0, 10), '203fe11f40');
  assert.equal(encode(encoder, list), 'be');
  encoder.setPeerTableSize(0);
  assert.equal(encode(encoder, list).slice(0, 4), '2000');
  assert.equal(encode(encoder, list).slice(0, 2), '00');
});

test('a smaller table of our own is announced first; a larger one only once the peer allows it', () => {
  const small = new HpackEncoder({ tableSize: 256 });
  assert.equal(encode(small, sharedList(field(':method', 'GET'))), '3fe10182');
  const none = new HpackEncoder({ tableSize: 0 });
  assert.equal(encode(none, sharedList(field(':method', 'GET'))), '2082');
  const large = new HpackEncoder({ tableSize: 8192 });
  assert.equal(encode(large, sharedList(field(':method', 'GET'))), '82');
  large.setPeerTableSize(65536);
  assert.equal(encode(large, sharedList(field(':method', 'GET'))), '3fe13f82');
});

test('Huffman is used only where it is shorter, and any octets come back', () => {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  const decoder = newDecoder();
  const octets = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1');
  for (const value of ['', 'a', 'aaaa', '\0', octets, octets.slice(128), 'x'.repeat(100), '\xff'.repeat(100)]) {
    const list = new HeaderList([field('k', value, Indexing.once)]);
    const wire = encode(encoder, list);
    assert.ok(wire.length / 2 <= 1 + 2 + 3 + value.length);
    assert.deepEqual(decoded(decoder, wire), [['k', value]]);
  }
});

test('many equal fields that are other objects cost bounded memory', () => {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  for (let i = 0; i < 5000; i++) encode(encoder, new HeaderList([field('x-a', '1')]));
  const { known } = (encoder as unknown as { table: { known: Map<unknown, unknown> } }).table;
  assert.ok(known.size <= 512);
  assert.equal(encode(encoder, new HeaderList([field('x-a', '1')])), 'be');
});
