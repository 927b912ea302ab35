import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { Turn } from '../http2/codec/turn.js';
import { HeaderField, Indexing } from '../http2/hpack/header-field.js';
import { HeaderList } from '../http2/hpack/header-list.js';
import type { LegOutcome, LegReport } from './leg-outcome.js';
import { MainPortReader, WorkerPortReader } from './port-reader.js';
import { PortWriter } from './port-writer.js';
import { RecordFlag } from './records.js';

type Seen = readonly unknown[];

const plain = (list: HeaderList): Seen => list.fields.map((f) => [f.name, f.value, f.indexing]);

/** Sends what `write` writes through a real port and reads each batch with `read`. */
async function through(write: (writer: PortWriter) => void, read: (batch: ArrayBuffer) => void): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const writer = new PortWriter(port1, new Turn());
  write(writer);
  writer.control({ kind: 'end' });
  const done = new Promise<void>((resolve) => {
    port2.on('message', (message: ArrayBuffer | object) => {
      if (message instanceof ArrayBuffer) read(message);
      else resolve();
    });
  });
  await done;
  port1.close();
  await once(port2, 'close');
}

class Recorder {
  readonly seen: Seen[] = [];
  onOpen(
    ...[slot, generation, flags, backend, connection, id, headers]: [
      number,
      number,
      number,
      number,
      number,
      string,
      HeaderList,
    ]
  ): void {
    this.seen.push(['open', slot, generation, flags, backend, connection, id, plain(headers)]);
  }
  onData(slot: number, generation: number, buf: Buffer, start: number, end: number, last: boolean): void {
    this.seen.push(['data', slot, generation, buf.toString('hex', start, end), last]);
  }
  onCancel(slot: number, generation: number): void {
    this.seen.push(['cancel', slot, generation]);
  }
  onCredit(slot: number, generation: number, bytes: number): void {
    this.seen.push(['credit', slot, generation, bytes]);
  }
  onHeaders(slot: number, generation: number, connection: number, list: HeaderList): void {
    this.seen.push(['headers', slot, generation, connection, plain(list)]);
  }
  onTrailers(
    slot: number,
    generation: number,
    connection: number,
    ms: number,
    list: HeaderList,
    trailersOnly: boolean,
  ): void {
    this.seen.push(['trailers', slot, generation, connection, ms, plain(list), trailersOnly]);
  }
  onFail(slot: number, generation: number, status: number, ms: number, message: string): void {
    this.seen.push(['fail', slot, generation, status, ms, message]);
  }
  onLegs(slot: number, generation: number, legs: readonly LegReport[], last: boolean): void {
    this.seen.push(['legs', slot, generation, legs, last]);
  }
}

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)), maxLength: 60 });
const field = fc
  .tuple(latin1, latin1, fc.constantFrom(Indexing.once, Indexing.repeated, Indexing.never))
  .map(([name, value, indexing]) => new HeaderField(name, value, indexing));
const list = fc.tuple(fc.array(field, { maxLength: 6 }), fc.boolean()).map(([fields, shared]) => {
  const made = new HeaderList(fields);
  made.shared = shared;
  return made;
});
const uint31 = fc.integer({ min: 0, max: 0x7fffffff });
const bytes = fc.uint8Array({ maxLength: 200 });
const ms = fc.float({ min: 0, noNaN: true });
const leg = fc
  .tuple(uint31, fc.integer({ min: 0, max: 4 }), ms, ms)
  .map(([connection, outcome, openedMs, endedMs]): LegReport => {
    return { connection, outcome: outcome as LegOutcome, openedMs, endedMs };
  });

test('whatever main writes the worker reads, in order', async () => {
  const record = fc.oneof(
    fc.record({
      type: fc.constant('open' as const),
      slot: uint31,
      generation: uint31,
      backend: fc.integer({ min: 0, max: 0xffffffff }),
      connection: fc.integer({ min: -1, max: 99 }),
      id: fc.stringMatching(/^[0-9a-f-]{0,36}$/),
      list,
    }),
    fc.record({ type: fc.constant('data' as const), slot: uint31, generation: uint31, bytes, last: fc.boolean() }),
    fc.record({ type: fc.constant('cancel' as const), slot: uint31, generation: uint31 }),
    fc.record({ type: fc.constant('credit' as const), slot: uint31, generation: uint31, bytes: uint31 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 12 }), fc.boolean(), async (records, twice) => {
      const all = twice ? [...records, ...records] : records;
      const expected: Seen[] = [];
      const recorder = new Recorder();
      const reader = new WorkerPortReader(recorder);
      await through(
        (writer) => {
          for (const r of all) {
            if (r.type === 'open') {
              writer.open(r.slot, r.generation, RecordFlag.END, r.backend, r.connection, r.id, r.list);
              expected.push([
                'open',
                r.slot,
                r.generation,
                RecordFlag.END,
                r.backend,
                r.connection,
                r.id,
                plain(r.list),
              ]);
            } else if (r.type === 'data') {
              writer.data(r.slot, r.generation, r.bytes, 0, r.bytes.length, r.last);
              expected.push(['data', r.slot, r.generation, Buffer.from(r.bytes).toString('hex'), r.last]);
            } else if (r.type === 'cancel') {
              writer.cancel(r.slot, r.generation);
              expected.push(['cancel', r.slot, r.generation]);
            } else {
              writer.credit(r.slot, r.generation, r.bytes);
              expected.push(['credit', r.slot, r.generation, r.bytes]);
            }
          }
        },
        (batch) => reader.read(batch),
      );
      assert.deepEqual(recorder.seen, expected);
    }),
    { numRuns: 60 },
  );
});

test('whatever a worker writes main reads, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ list, slot: uint31, message: fc.string(), bytes, legs: fc.array(leg, { maxLength: 4 }) }), {
        maxLength: 8,
      }),
      async (records) => {
        const expected: Seen[] = [];
        const recorder = new Recorder();
        const reader = new MainPortReader(recorder);
        await through(
          (writer) => {
            for (const r of records) {
              writer.headers(r.slot, 7, 3, r.list);
              writer.data(r.slot, 7, r.bytes, 0, r.bytes.length, false);
              writer.legs(r.slot, 7, r.legs, r.bytes.length % 2 === 0);
              writer.trailers(r.slot, 7, 3, 1234.5678, r.list, true);
              writer.fail(r.slot, 7, 14, 1e12, r.message);
              expected.push(
                ['headers', r.slot, 7, 3, plain(r.list)],
                ['data', r.slot, 7, Buffer.from(r.bytes).toString('hex'), false],
                ['legs', r.slot, 7, r.legs, r.bytes.length % 2 === 0],
                ['trailers', r.slot, 7, 3, 1234.5678, plain(r.list), true],
                ['fail', r.slot, 7, 14, 1e12, Buffer.from(r.message).toString()],
              );
            }
          },
          (batch) => reader.read(batch),
        );
        assert.deepEqual(recorder.seen, expected);
      },
    ),
    { numRuns: 40 },
  );
});

test('more different lists and fields than either side remembers still arrive right', async () => {
  const recorder = new Recorder();
  const reader = new WorkerPortReader(recorder);
  const lists = Array.from({ length: 20000 }, (_, i) => {
    const made = new HeaderList([new HeaderField('n', String(i), Indexing.repeated)]);
    made.shared = true;
    return made;
  });
  const order = [...lists, ...lists.slice(-3000), ...lists.slice(0, 3000)];
  await through(
    (writer) => {
      for (const l of order) writer.open(0, 1, 0, 0, -1, '', l);
    },
    (batch) => reader.read(batch),
  );
  assert.deepEqual(
    recorder.seen.map((s) => s[7]),
    order.map(plain),
  );
});

test('a list of any shape that a setting may allow arrives: a name of 100 000 octets, 70 000 fields', async () => {
  const lists = [
    new HeaderList([new HeaderField('n'.repeat(100_000), 'v', Indexing.once)]),
    new HeaderList(Array.from({ length: 70_000 }, (_, i) => new HeaderField(String(i), '', Indexing.once))),
  ];
  const recorder = new Recorder();
  const reader = new WorkerPortReader(recorder);
  await through(
    (writer) => {
      for (const list of lists) writer.open(0, 1, 0, 0, -1, '', list);
    },
    (batch) => reader.read(batch),
  );
  assert.deepEqual(
    recorder.seen.map((s) => s[7]),
    lists.map(plain),
  );
});

test('a list that is known crosses as the same object each time', async () => {
  const shared = new HeaderList([new HeaderField('a', 'b', Indexing.repeated)]);
  shared.shared = true;
  const got: HeaderList[] = [];
  const recorder = new Recorder();
  recorder.onOpen = (...args): void => {
    got.push(args[6]);
  };
  const reader = new WorkerPortReader(recorder);
  await through(
    (writer) => {
      for (let i = 0; i < 3; i++) writer.open(0, i, 0, 0, -1, '', shared);
    },
    (batch) => reader.read(batch),
  );
  assert.equal(got[1], got[2]);
  assert.equal(got[0], got[1]);
});

test('a batch of another version is refused', () => {
  const batch = new Int32Array([99]).buffer;
  assert.throws(() => new WorkerPortReader(new Recorder()).read(batch), /version 99/);
});

test('records of any size pass, also those larger than the writer begins with', async () => {
  const sizes = [0, 1, 3, 16385, 65537, 262147, 1048579];
  const recorder = new Recorder();
  const reader = new WorkerPortReader(recorder);
  const payloads = sizes.map((size) => Buffer.alloc(size, size & 255));
  await through(
    (writer) => {
      for (const [i, payload] of payloads.entries()) writer.data(i, 1, payload, 0, payload.length, false);
    },
    (batch) => reader.read(batch),
  );
  assert.deepEqual(
    recorder.seen,
    payloads.map((payload, i) => ['data', i, 1, payload.toString('hex'), false]),
  );
});
