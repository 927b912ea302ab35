import type { MessagePort } from 'node:worker_threads';
import { Turn } from '../../src/http2/codec/turn.js';
import { HeaderField, Indexing } from '../../src/http2/hpack/header-field.js';
import { HeaderList } from '../../src/http2/hpack/header-list.js';
import { LegOutcome } from '../../src/port/leg-outcome.js';
import { PortWriter } from '../../src/port/port-writer.js';
import { saveCorpus } from '../store.js';

/** The one batch that a writer makes of what `write` writes. */
export function batchOf(write: (writer: PortWriter) => void): ArrayBuffer {
  const batches: ArrayBuffer[] = [];
  const port = { postMessage: (batch: ArrayBuffer) => batches.push(batch) } as unknown as MessagePort;
  const writer = new PortWriter(port, new Turn());
  write(writer);
  writer.flush();
  return batches[0]!;
}

const once = new HeaderList([
  new HeaderField(':path', '/a.B/C', Indexing.repeated),
  new HeaderField('x-once', 'v'.repeat(40), Indexing.once),
  new HeaderField('authorization', 'secret', Indexing.never),
]);
const known = new HeaderList(once.fields);
known.shared = true;

/** Every kind of record that main sends. */
export const toWorker: ArrayBuffer = batchOf((writer) => {
  writer.open(1, 2, 0, 3, -1, 'association', once);
  writer.open(2, 3, 0, 3, 1, '', known);
  writer.open(3, 4, 0, 3, 1, '', known);
  writer.data(1, 2, Buffer.from('some bytes'), 0, 10, true);
  writer.credit(1, 2, 5000);
  writer.cancel(2, 3);
});

/** Every kind of record that a worker sends. */
export const toMain: ArrayBuffer = batchOf((writer) => {
  writer.headers(1, 2, 0, once);
  writer.headers(2, 3, 0, known);
  writer.data(1, 2, Buffer.from('some bytes'), 0, 10, false);
  writer.credit(1, 2, 5000);
  writer.legs(
    1,
    2,
    [
      { connection: 0, outcome: LegOutcome.active, openedMs: 0, endedMs: 1.5 },
      { connection: 1, outcome: LegOutcome.lost, openedMs: 0.5, endedMs: 1 },
    ],
    false,
  );
  writer.trailers(1, 2, 0, 1.5, known, false);
  writer.fail(2, 3, 14, 1.5, 'what went wrong');
});

/** Writes fuzz/corpus/port. */
export function recordPort(): void {
  saveCorpus('port', 'to-worker', Buffer.from(toWorker));
  saveCorpus('port', 'to-main', Buffer.from(toMain));
}
