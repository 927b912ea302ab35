import { HeaderList } from '../../src/http2/hpack/header-list.js';
import type { LegReport } from '../../src/port/leg-outcome.js';
import type { MainRecordHandler, WorkerRecordHandler } from '../../src/port/port-reader.js';
import { hold } from '../finding.js';

/** Takes the records of either end of a port and checks that what they point at lies in their batch. */
export class PortRanges implements WorkerRecordHandler, MainRecordHandler {
  /** Kinds of records, in the order in which they came. */
  readonly seen: string[] = [];

  onOpen(
    _slot: number,
    _generation: number,
    _flags: number,
    _backend: number,
    connection: number,
    associationId: string,
    headers: HeaderList,
  ): void {
    hold(Number.isInteger(connection) && typeof associationId === 'string', 'OPEN of what was not in the record');
    this.list('open', headers);
  }

  onData(_slot: number, _generation: number, buf: Buffer, start: number, end: number): void {
    this.seen.push('data');
    hold(start >= 0 && start <= end && end <= buf.length, 'DATA outside its batch');
  }

  onCancel(): void {
    this.seen.push('cancel');
  }

  onCredit(_slot: number, _generation: number, bytes: number): void {
    this.seen.push('credit');
    hold(bytes >= 0, 'negative credit');
  }

  onHeaders(_slot: number, _generation: number, _connection: number, list: HeaderList): void {
    this.list('headers', list);
  }

  onTrailers(_slot: number, _generation: number, _connection: number, backendMs: number, list: HeaderList): void {
    hold(typeof backendMs === 'number', 'TRAILERS without a time');
    this.list('trailers', list);
  }

  onFail(_slot: number, _generation: number, _status: number, backendMs: number, message: string): void {
    this.seen.push('fail');
    hold(typeof backendMs === 'number' && typeof message === 'string', 'FAIL without a time or a message');
  }

  onLegs(_slot: number, _generation: number, legs: readonly LegReport[]): void {
    this.seen.push('legs');
    hold(
      legs.every(({ connection, endedMs }) => Number.isInteger(connection) && typeof endedMs === 'number'),
      'LEGS with holes',
    );
  }

  private list(what: string, list: HeaderList): void {
    this.seen.push(what);
    hold(list instanceof HeaderList && list.fields.every((field) => field !== undefined), 'a list with holes');
  }
}

/** Runs `read`; what is wrong with a batch must be said in the words of the port. Returns them, or '' . */
export function refusal(read: () => void): string {
  try {
    read();
    return '';
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('port: ')) return error.message;
    throw error;
  }
}
