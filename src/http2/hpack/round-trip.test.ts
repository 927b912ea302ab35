import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from './decoder.js';
import { HpackEncoder } from './encoder.js';
import { HeaderField, Indexing } from './header-field.js';
import { HeaderList } from './header-list.js';
import { SharedHeaderLists } from './shared-header-lists.js';

const names = [':path', ':status', 'content-type', 'grpc-timeout', 'x-a', 'x-b', 'x-\0', ''];
const values = ['', '/', '200', '404', 'application/grpc', '\0', 'b', 'v'.repeat(100), 'w'.repeat(700), '\xff\x80'];

const anyText = fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets).toString('latin1'));
const arbField = fc
  .record({
    name: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: anyText }),
    value: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: anyText }),
    indexing: fc.constantFrom(Indexing.once, Indexing.repeated, Indexing.repeated, Indexing.never),
  })
  .map(({ name, value, indexing }) => new HeaderField(name, value, indexing));

/** One thing that happens on a connection; lists are drawn from a few, so that they repeat. */
type Step =
  | { readonly kind: 'block'; readonly list: number; readonly extra: HeaderField | undefined }
  | { readonly kind: 'tableSize'; readonly bytes: number };

const arbStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      list: fc.nat({ max: 7 }),
      extra: fc.option(arbField, { nil: undefined, freq: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('tableSize' as const),
      bytes: fc.constantFrom(0, 40, 200, 1000, 4096, 8192),
    }),
  },
);

function describe(field: HeaderField): [string, string, boolean] {
  return [field.name, field.value, field.indexing === Indexing.never];
}

test('what is encoded is what is decoded, over whole connections with size changes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ fields: fc.array(arbField, { maxLength: 8 }), shared: fc.boolean() }), {
        minLength: 8,
        maxLength: 8,
      }),
      fc.array(arbStep, { maxLength: 60 }),
      fc.constantFrom(0, 256, 4096, 8192),
      (lists, steps, tableSize) => {
        const shared = new SharedHeaderLists(4);
        const encoder = new HpackEncoder({ tableSize });
        const decoder = new HpackDecoder({ tableSize: 8192, maxListBytes: 1e5, maxListFields: 100, shared });
        // Two hops: what a decoder made goes through a second encoder, as in the router.
        const nextEncoder = new HpackEncoder({ tableSize: 4096 });
        const nextDecoder = new HpackDecoder({ tableSize: 4096, maxListBytes: 1e5, maxListFields: 100, shared });
        const headerLists = lists.map((one) => {
          const list = new HeaderList(one.fields);
          list.shared = one.shared;
          return list;
        });
        for (const step of steps) {
          if (step.kind === 'tableSize') {
            encoder.setPeerTableSize(step.bytes);
            continue;
          }
          const list = headerLists[step.list]!;
          const expected = list.fields.map(describe);
          if (step.extra !== undefined) expected.push(describe(step.extra));
          const received = pass(encoder, decoder, list, step.extra);
          assert.deepEqual(received.fields.map(describe), expected);
          assert.deepEqual(pass(nextEncoder, nextDecoder, received, undefined).fields.map(describe), expected);
        }
      },
    ),
    { numRuns: 500 },
  );
});

function pass(
  encoder: HpackEncoder,
  decoder: HpackDecoder,
  list: HeaderList,
  extra: HeaderField | undefined,
): HeaderList {
  const bound = encoder.maxEncodedLength(list, extra);
  const out = Buffer.alloc(bound + 16, 0xee);
  const end = encoder.encode(list, extra, out, 8);
  assert.ok(end - 8 <= bound, 'longer than announced');
  assert.ok(
    out.subarray(end).every((octet) => octet === 0xee),
    'wrote past its end',
  );
  return decoder.decode(out, 8, end);
}

test('the encoding of traffic that repeats settles at one byte a field', () => {
  const shared = new SharedHeaderLists(64);
  const client = new HpackEncoder({ tableSize: 4096 });
  const router = new HpackDecoder({ tableSize: 4096, maxListBytes: 8192, maxListFields: 100, shared });
  const toServer = new HpackEncoder({ tableSize: 4096 });
  const request = new HeaderList(
    [
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', '/voltha.VolthaService/GetDevice'],
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
    ].map(([name, value]) => new HeaderField(name!, value!, Indexing.repeated)),
  );
  const out = Buffer.alloc(512);
  let length = 0;
  let last: HeaderList | undefined;
  for (let i = 0; i < 6; i++) {
    const list = router.decode(out, 0, client.encode(request, undefined, out, 0));
    length = toServer.encode(list, undefined, out, 0);
    if (i > 3) assert.equal(list, last);
    last = list;
  }
  assert.equal(length, 5);
});
