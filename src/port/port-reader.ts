import type { HeaderList } from '../http2/hpack/header-list.js';
import { HeaderListReader } from './header-list-reader.js';
import type { LegOutcome, LegReport } from './leg-outcome.js';
import {
  DURATION_BYTES,
  LEG_BYTES,
  OPEN_BYTES,
  PORT_VERSION,
  RECORD_WORDS,
  RecordFlag,
  RecordType,
} from './records.js';

/** What a worker does with the records that main sends. Buffers belong to the batch: keeping bytes keeps the batch. */
export interface WorkerRecordHandler {
  onOpen(
    slot: number,
    generation: number,
    flags: number,
    backend: number,
    connection: number,
    associationId: string,
    headers: HeaderList,
  ): void;
  onData(slot: number, generation: number, buf: Buffer, start: number, end: number, last: boolean): void;
  onCancel(slot: number, generation: number): void;
  onCredit(slot: number, generation: number, bytes: number): void;
}

/** What main does with the records that a worker sends. */
export interface MainRecordHandler {
  onHeaders(slot: number, generation: number, connection: number, list: HeaderList): void;
  onData(slot: number, generation: number, buf: Buffer, start: number, end: number, last: boolean): void;
  /** @param backendMs see `RecordType.TRAILERS` */
  onTrailers(
    slot: number,
    generation: number,
    connection: number,
    backendMs: number,
    list: HeaderList,
    trailersOnly: boolean,
  ): void;
  onFail(slot: number, generation: number, status: number, backendMs: number, message: string): void;
  /** @param last nothing else follows for this call */
  onLegs(slot: number, generation: number, legs: readonly LegReport[], last: boolean): void;
  onCredit(slot: number, generation: number, bytes: number): void;
}

/**
 * Reads batches. A malformed one is a bug of ours (or two versions in one process) and throws: nothing a client or a backend
 * sends can cause it.
 */
abstract class PortReader {
  protected readonly lists = new HeaderListReader();
  /** Batches read. */
  batches = 0;

  /** @throws Error on a batch that makes no sense; the records before the bad one have been handed on */
  read(batch: ArrayBuffer): void {
    if (batch.byteLength % 4 !== 0) throw new Error(`port: a batch of ${batch.byteLength} bytes is not whole words`);
    this.batches++;
    const words = new Int32Array(batch);
    const buf = Buffer.from(batch);
    if (words[0] !== PORT_VERSION) throw new Error(`port: version ${words[0]}, not ${PORT_VERSION}`);
    const { length } = words;
    let at = 1;
    while (at < length) {
      if (at + RECORD_WORDS > length) throw new Error('port: the batch ends within the head of a record');
      const head = words[at]!;
      const type = head & 0xff;
      const size = words[at + 3]!;
      const start = (at + RECORD_WORDS) * 4;
      const payload = type === RecordType.CREDIT ? 0 : size;
      const next = (start + payload + 3) >>> 2;
      if (size < 0 || next > length) throw new Error(`port: record of type ${type} runs over its batch`);
      this.record(type, (head >>> 8) & 0xff, head >>> 16, words[at + 1]!, words[at + 2]!, size, words, buf, start);
      at = next;
    }
  }

  protected abstract record(
    type: number,
    flags: number,
    aux: number,
    slot: number,
    generation: number,
    size: number,
    words: Int32Array,
    buf: Buffer,
    start: number,
  ): void;
}

/** The worker's end. */
export class WorkerPortReader extends PortReader {
  private readonly handler: WorkerRecordHandler;

  constructor(handler: WorkerRecordHandler) {
    super();
    this.handler = handler;
  }

  protected override record(
    type: number,
    flags: number,
    _aux: number,
    slot: number,
    generation: number,
    size: number,
    words: Int32Array,
    buf: Buffer,
    start: number,
  ): void {
    switch (type) {
      case RecordType.DATA:
        this.handler.onData(slot, generation, buf, start, start + size, (flags & RecordFlag.END) !== 0);
        break;
      case RecordType.OPEN: {
        const end = start + size;
        const at = start >>> 2;
        const idStart = start + OPEN_BYTES;
        const idEnd = idStart + (size < OPEN_BYTES ? -1 : words[at + 2]!);
        if (idEnd < idStart || idEnd > end) throw new Error('port: the association id runs over its record');
        const id = idEnd === idStart ? '' : buf.toString('latin1', idStart, idEnd);
        const headers = this.lists.read(buf, idEnd, end);
        this.handler.onOpen(slot, generation, flags, words[at]! >>> 0, words[at + 1]!, id, headers);
        break;
      }
      case RecordType.CREDIT:
        this.handler.onCredit(slot, generation, size);
        break;
      case RecordType.CANCEL:
        this.handler.onCancel(slot, generation);
        break;
      default:
        throw new Error(`port: a worker got a record of type ${type}`);
    }
  }
}

/** Main's end. */
export class MainPortReader extends PortReader {
  private readonly handler: MainRecordHandler;

  constructor(handler: MainRecordHandler) {
    super();
    this.handler = handler;
  }

  protected override record(
    type: number,
    flags: number,
    aux: number,
    slot: number,
    generation: number,
    size: number,
    _words: Int32Array,
    buf: Buffer,
    start: number,
  ): void {
    switch (type) {
      case RecordType.DATA:
        this.handler.onData(slot, generation, buf, start, start + size, (flags & RecordFlag.END) !== 0);
        break;
      case RecordType.HEADERS:
        this.handler.onHeaders(slot, generation, aux, this.lists.read(buf, start, start + size));
        break;
      case RecordType.TRAILERS:
        this.handler.onTrailers(
          slot,
          generation,
          aux,
          backendMs(buf, start, size),
          this.lists.read(buf, start + DURATION_BYTES, start + size),
          (flags & RecordFlag.TRAILERS_ONLY) !== 0,
        );
        break;
      case RecordType.CREDIT:
        this.handler.onCredit(slot, generation, size);
        break;
      case RecordType.FAIL:
        this.handler.onFail(
          slot,
          generation,
          aux,
          backendMs(buf, start, size),
          buf.toString('utf8', start + DURATION_BYTES, start + size),
        );
        break;
      case RecordType.LEGS:
        this.handler.onLegs(slot, generation, legReports(buf, start, size), (flags & RecordFlag.END) !== 0);
        break;
      default:
        throw new Error(`port: main got a record of type ${type}`);
    }
  }
}

/** The payload of a LEGS record. */
function legReports(buf: Buffer, start: number, size: number): LegReport[] {
  if (size % LEG_BYTES !== 0) throw new Error(`port: ${size} bytes are not whole legs`);
  const legs: LegReport[] = [];
  for (let at = start; at < start + size; at += LEG_BYTES) {
    legs.push({
      connection: buf.readInt32LE(at),
      outcome: buf.readInt32LE(at + 4) as LegOutcome,
      openedMs: buf.readFloatLE(at + 8),
      endedMs: buf.readFloatLE(at + 12),
    });
  }
  return legs;
}

/** The backend's time, at the beginning of a payload. */
function backendMs(buf: Buffer, start: number, size: number): number {
  if (size < DURATION_BYTES) throw new Error(`port: a record of ${size} bytes is too short to end a call`);
  return buf.readDoubleLE(start);
}
