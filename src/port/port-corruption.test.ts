import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toMain, toWorker } from '../../fuzz/recorders/port.js';
import { PortRanges, refusal } from '../../fuzz/targets/port-ranges.js';
import { MainPortReader, WorkerPortReader } from './port-reader.js';
import { PORT_VERSION, RecordType } from './records.js';

const readers = [
  { who: 'a worker', records: 6, batch: toWorker, make: (to: PortRanges) => new WorkerPortReader(to) },
  { who: 'main', records: 7, batch: toMain, make: (to: PortRanges) => new MainPortReader(to) },
];

for (const { who, records, batch, make } of readers) {
  test(`a batch with wrong octets is read within its bounds or refused by ${who}`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: batch.byteLength - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat({ max: batch.byteLength })),
        (changes, cut) => {
          const bytes = new Uint8Array(batch.slice(0));
          for (const [at, octet] of changes) bytes[at] = octet;
          refusal(() => make(new PortRanges()).read(bytes.buffer.slice(0, cut ?? bytes.length)));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test(`a batch cut anywhere but after a record is refused by ${who}`, () => {
    let taken = 0;
    for (let bytes = 4; bytes < batch.byteLength; bytes++) {
      if (refusal(() => make(new PortRanges()).read(batch.slice(0, bytes))) === '') taken++;
    }
    // After the version and after each record but the last.
    assert.equal(taken, records);
  });

  test(`arbitrary words after the version are read within bounds or refused by ${who}`, () => {
    const word = fc.oneof(fc.nat({ max: 40 }), fc.integer());
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        refusal(() => make(new PortRanges()).read(Int32Array.from([PORT_VERSION, ...words]).buffer));
      }),
      { numRuns: 3000 },
    );
  });
}

test('a record whose payload runs over its batch never reaches the handler', () => {
  const ranges = new PortRanges();
  const batch = Int32Array.from([PORT_VERSION, RecordType.DATA, 1, 1, 5, 0]).buffer;
  assert.throws(() => new WorkerPortReader(ranges).read(batch), /port: record of type 2 runs over its batch/);
  assert.equal(ranges.seen.length, 0);
});
