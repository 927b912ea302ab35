import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import type { RoutingFieldType } from '../config/routing-file.js';
import { FieldFault, keyOfText, RoutingField } from './routing-field.js';

// What is read is checked against protobufjs, which decodes the whole message: another implementation of the same rules.

const types: readonly RoutingFieldType[] = [
  'string',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
];

const KEY = 3;
const OUTER = 2;
const INNER = 600;

/** message Root { Middle outer = 2; } message Middle { Leaf inner = 600; } message Leaf { TYPE key = 3; }, each with neighbours. */
function schemaOf(type: RoutingFieldType): protobuf.Type {
  return protobuf
    .parse(
      `syntax = "proto3";
     message Root { string before = 1; Middle outer = ${OUTER}; repeated uint32 packed = 17; bytes after = 5000; }
     message Middle { fixed64 other = 4; Leaf inner = ${INNER}; map<string, uint32> names = 7; }
     message Leaf { optional ${type} key = ${KEY}; repeated sint64 more = 16; double far = 100000; }`,
      { keepCase: true },
    )
    .root.lookupType('Root');
}

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

function legalValue(type: RoutingFieldType): fc.Arbitrary<string | number | protobuf.Long> {
  switch (type) {
    case 'string':
      return text;
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return int32;
    case 'uint32':
    case 'fixed32':
      return uint32;
    case 'int64':
    case 'sint64':
    case 'sfixed64':
      return int64.map((value) => long(value, false));
    default:
      return uint64.map((value) => long(value, true));
  }
}

function long(value: bigint, unsigned: boolean): protobuf.Long {
  return new protobuf.util.Long(Number(value & 0xffffffffn) | 0, Number((value >> 32n) & 0xffffffffn) | 0, unsigned);
}

/** A group, which protobufjs can read and not write: `fields` between its two tags. */
const group = fc.tuple(fc.integer({ min: 20, max: 3000 }), fc.uint8Array({ maxLength: 6 })).map(([number, octets]) => {
  const writer = protobuf.Writer.create();
  writer.uint32((number << 3) | 3);
  writer.uint32((KEY << 3) | 2).bytes(octets);
  writer.uint32((9 << 3) | 3).uint32((9 << 3) | 4);
  return writer.uint32((number << 3) | 4).finish();
});

/** A field that the schema does not know. */
const unknown = fc
  .tuple(fc.integer({ min: 20, max: 590 }), fc.constantFrom(0, 1, 2, 5), uint32)
  .map(([number, wire, value]) => {
    const writer = protobuf.Writer.create().uint32((number << 3) | wire);
    if (wire === 0) writer.uint32(value);
    else if (wire === 1) writer.fixed64(value);
    else if (wire === 2) writer.string(String(value));
    else writer.fixed32(value);
    return writer.finish();
  });

/** Encodings of the same type one after the other, with fields of no concern between: to protobuf, one merged message. */
function concatenated(one: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Buffer> {
  return fc
    .array(
      fc.oneof({ weight: 4, arbitrary: one }, { weight: 1, arbitrary: unknown }, { weight: 1, arbitrary: group }),
      {
        maxLength: 5,
      },
    )
    .map((parts) => Buffer.concat(parts));
}

/** A message field `number` around `body`; protobufjs would merge what it is to encode, so this is by hand. */
function nested(number: number, body: Uint8Array): Uint8Array {
  return protobuf.Writer.create()
    .uint32((number << 3) | 2)
    .bytes(body)
    .finish();
}

/** Root messages: each level is a sequence of occurrences, so parents repeat and merge. */
function messageOf(root: protobuf.Type, type: RoutingFieldType): fc.Arbitrary<Buffer> {
  const middle = root.fields.outer!.resolve().resolvedType as protobuf.Type;
  const leaf = middle.fields.inner!.resolve().resolvedType as protobuf.Type;
  const leaves = concatenated(
    fc
      .record({
        key: fc.option(legalValue(type), { nil: undefined }),
        more: fc.array(
          int64.map((value) => long(value, false)),
          { maxLength: 3 },
        ),
        far: fc.double(),
      })
      .map((fields) => leaf.encode(fields).finish()),
  );
  const middles = concatenated(
    fc.oneof(
      leaves.map((body) => nested(INNER, body)),
      fc
        .record({
          other: uint64.map((value) => long(value, true)),
          names: fc.dictionary(fc.string({ maxLength: 4 }), uint32, { maxKeys: 2 }),
        })
        .map((fields) => middle.encode(fields).finish()),
    ),
  );
  return concatenated(
    fc.oneof(
      middles.map((body) => nested(OUTER, body)),
      fc
        .record({ before: text, packed: fc.array(uint32, { maxLength: 4 }), after: fc.uint8Array({ maxLength: 200 }) })
        .map((fields) => root.encode(fields).finish()),
    ),
  );
}

interface Decoded {
  readonly outer?: { readonly inner?: { readonly key?: string | number | protobuf.Long } };
}

for (const type of types) {
  const root = schemaOf(type);
  const field = new RoutingField({ path: 'outer.inner.key', numbers: [OUTER, INNER, KEY], type }, false);
  const read = (message: Buffer): string | FieldFault => field.read(message);

  test(`a ${type} field reads as protobufjs decodes it: nested, repeated, merged, among unknown fields and groups`, () => {
    fc.assert(
      fc.property(messageOf(root, type), (message) => {
        const decoded = root.toObject(root.decode(message)) as Decoded;
        const key = decoded.outer?.inner?.key;
        assert.equal(read(message), key === undefined ? FieldFault.absent : keyOfText(String(key)));
      }),
      { numRuns: 300 },
    );
  });

  test(`a message with a ${type} field, corrupted or cut, is read or refused within its bounds`, () => {
    fc.assert(
      fc.property(
        messageOf(root, type).filter((message) => message.length > 0),
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
        fc.option(fc.nat(), { nil: undefined }),
        (message, changes, cut) => {
          for (const [at, octet] of changes) message[at % message.length] = octet;
          // Octets behind the message are not its own: a read past its end would find the key there.
          const whole = Buffer.concat([message, nested(OUTER, nested(INNER, Buffer.of((KEY << 3) | 2, 1, 0x7a)))]);
          const bytes = whole.subarray(0, cut === undefined ? message.length : cut % message.length);
          const before = Buffer.from(bytes);
          const result = read(bytes);
          assert.deepEqual(bytes, before, 'the message was written to');
          assert.ok(typeof result === 'string' || result === FieldFault.absent || result === FieldFault.malformed);
          assert.equal(read(Buffer.from(bytes)), result, 'it depends on what lies around');
        },
      ),
      { numRuns: 300 },
    );
  });
}

test('arbitrary bytes are read or refused, whatever the path, and alike wherever they lie', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(...types),
      (octets, numbers, type) => {
        const field = new RoutingField({ path: 'x', numbers, type }, false);
        const alone = field.read(Buffer.from(octets));
        const chunk = Buffer.concat([Buffer.from([1, 2, 3]), octets, Buffer.alloc(20, 0x1a)]);
        assert.equal(field.read(chunk.subarray(3, 3 + octets.length)), alone);
      },
    ),
    { numRuns: 3000 },
  );
});

test('an absent field reads as its default where that is asked for', () => {
  for (const type of types) {
    const field = new RoutingField({ path: 'key', numbers: [KEY], type }, true);
    assert.equal(field.read(Buffer.alloc(0)), type === 'string' ? '' : '0');
  }
});

test('groups nested without end are malformed, not a stack overflow', () => {
  const field = new RoutingField({ path: 'key', numbers: [KEY], type: 'string' }, false);
  assert.equal(field.read(Buffer.alloc(1e6, (9 << 3) | 3)), FieldFault.malformed);
});
