import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeaderField, Indexing } from '../../http2/hpack/header-field.js';
import { HeaderList } from '../../http2/hpack/header-list.js';
import { traceParent } from './trace-parent.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

function read(...values: string[]): ReturnType<typeof traceParent> {
  return traceParent(new HeaderList(values.map((value) => new HeaderField('traceparent', value, Indexing.once))));
}

test('a well-formed traceparent is read, and so is one of a version to come', () => {
  assert.deepEqual(read(`00-${TRACE}-${SPAN}-01`), { traceId: TRACE, spanId: SPAN, flags: 1 });
  assert.deepEqual(read(`00-${TRACE}-${SPAN}-02`), { traceId: TRACE, spanId: SPAN, flags: 2 });
  assert.deepEqual(read(`cc-${TRACE}-${SPAN}-01-what-the-future-brings`)?.traceId, TRACE);
});

test('what is not well-formed is no trace context (W3C Trace Context 3.2.2)', () => {
  const wrong = [
    '',
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01 `,
    `0-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01${'x'.repeat(3)}`,
    `cc-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`,
    `00-${TRACE}-${SPAN}-01\n`,
  ];
  for (const value of wrong) assert.equal(read(value), undefined, JSON.stringify(value));
  assert.equal(read(`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`), undefined, 'twice');
  assert.equal(read(), undefined);
});

test('whatever it says, a trace id is 32 hexadecimal digits', () => {
  const nearly = fc
    .tuple(fc.constantFrom('00', '01', 'ff', '0g'), fc.string({ maxLength: 40 }), fc.string({ maxLength: 20 }))
    .map(([version, trace, span]) => `${version}-${trace}-${span}-01`);
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string({ unit: 'binary' })), (value) => {
      const parent = read(value);
      if (parent !== undefined) assert.match(parent.traceId, /^[0-9a-f]{32}$/);
    }),
  );
});
