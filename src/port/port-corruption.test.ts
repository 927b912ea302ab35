import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessagePort } from 'node:worker_threads';
import fc from 'fast-check';
import { Turn } from '../http2/codec/turn.js';
import { HeaderField, Indexing } from '../http2/hpack/header-field.js';
import { HeaderList } from '../http2/hpack/header-list.js';
import { MainPortReader, WorkerPortReader } from './port-reader.js';
import { PortWriter } from './port-writer.js';
import { PORT_VERSION, RecordType } from './records.js';

/** Takes every record and checks that ranges lie within their batch. */
class RangeChecker {
  calls = 0;
  onOpen(
    _slot: number,
    _generation: number,
    _flags: number,
    _backend: number,
    _connection: number,
    associationId: string,
    headers: HeaderList,
  ): void {
    this.calls++;
    assert.equal(typeof associationId, 'string');
    assert.ok(headers instanceof HeaderList);
  }
  onData(_slot: number, _generation: number, buf: Buffer, start: number, end: number): void {
    this.calls++;
    assert.ok(start >= 0 && start <= end && end <= buf.length, `${start}…${end} of ${buf.length}`);
  }
  onCancel(): void {
    this.calls++;
  }
  onCredit(_slot: number, _generation: number, bytes: number): void {
    this.calls++;
    assert.ok(bytes >= 0, `credit of ${bytes}`);
  }
  onHeaders(_slot: number, _generation: number, _connection: number, list: HeaderList): void {
    this.calls++;
    assert.ok(list instanceof HeaderList);
  }
  onTrailers(_slot: number, _generation: number, _connection: number, backendMs: number, list: HeaderList): void {
    this.calls++;
    assert.equal(typeof backendMs, 'number');
    assert.ok(list instanceof HeaderList);
  }
  onFail(_slot: number, _generation: number, _status: number, _backendMs: number, message: string): void {
    this.calls++;
    assert.equal(typeof message, 'string');
  }
}

/** The batch that a writer makes of what `write` writes. */
function batchOf(write: (writer: PortWriter) => void): ArrayBuffer {
  const batches: ArrayBuffer[] = [];
  const port = { postMessage: (batch: ArrayBuffer) => batches.push(batch) } as unknown as MessagePort;
  const writer = new PortWriter(port, new Turn());
  write(writer);
  writer.flush();
  return batches[0]!;
}

const headers = new HeaderList([
  new HeaderField(':path', '/a.B/C', Indexing.repeated),
  new HeaderField('x-once', 'v'.repeat(40), Indexing.once),
]);
const known = new HeaderList(headers.fields);
known.shared = true;

const toWorker = batchOf((writer) => {
  writer.open(1, 2, 0, 3, -1, 'association', headers);
  writer.open(2, 3, 0, 3, 1, '', known);
  writer.open(3, 4, 0, 3, 1, '', known);
  writer.data(1, 2, Buffer.from('some bytes'), 0, 10, true);
  writer.credit(1, 2, 5000);
  writer.cancel(2, 3);
});
const toMain = batchOf((writer) => {
  writer.headers(1, 2, 0, headers);
  writer.headers(2, 3, 0, known);
  writer.data(1, 2, Buffer.from('some bytes'), 0, 10, false);
  writer.credit(1, 2, 5000);
  writer.trailers(1, 2, 0, 1.5, known, false);
  writer.fail(2, 3, 14, 1.5, 'what went wrong');
});

const readers = [
  { who: 'a worker', batch: toWorker, make: (to: RangeChecker) => new WorkerPortReader(to) },
  { who: 'main', batch: toMain, make: (to: RangeChecker) => new MainPortReader(to) },
];

/** Reads `batch`; whatever is wrong with it must be said in the words of the port. */
function readOrRefuse(reader: WorkerPortReader | MainPortReader, batch: ArrayBuffer): void {
  try {
    reader.read(batch);
  } catch (error) {
    assert.ok(error instanceof Error && error.message.startsWith('port: '), String(error));
  }
}

for (const { who, batch, make } of readers) {
  test(`a batch with wrong octets is read within its bounds or refused by ${who}`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: batch.byteLength - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat({ max: batch.byteLength })),
        (changes, cut) => {
          const bytes = new Uint8Array(batch.slice(0));
          for (const [at, octet] of changes) bytes[at] = octet;
          readOrRefuse(make(new RangeChecker()), bytes.buffer.slice(0, cut ?? bytes.length));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test(`a batch cut anywhere but after a record is refused by ${who}`, () => {
    let taken = 0;
    for (let bytes = 4; bytes < batch.byteLength; bytes++) {
      try {
        make(new RangeChecker()).read(batch.slice(0, bytes));
        taken++;
      } catch (error) {
        assert.match((error as Error).message, /^port: /);
      }
    }
    // After the version and after each of six records but the last.
    assert.equal(taken, 6);
  });

  test(`arbitrary words after the version are read within bounds or refused by ${who}`, () => {
    const word = fc.oneof(fc.nat({ max: 40 }), fc.integer());
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        readOrRefuse(make(new RangeChecker()), Int32Array.from([PORT_VERSION, ...words]).buffer);
      }),
      { numRuns: 3000 },
    );
  });
}

test('a record whose payload runs over its batch never reaches the handler', () => {
  const checker = new RangeChecker();
  const batch = Int32Array.from([PORT_VERSION, RecordType.DATA, 1, 1, 5, 0]).buffer;
  assert.throws(() => new WorkerPortReader(checker).read(batch), /port: record of type 2 runs over its batch/);
  assert.equal(checker.calls, 0);
});
