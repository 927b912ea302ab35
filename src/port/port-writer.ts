import type { MessagePort } from 'node:worker_threads';
import type { Flushable, Turn } from '../http2/codec/turn.js';
import type { HeaderList } from '../http2/hpack/header-list.js';
import { HeaderListWriter, maxListBytes } from './header-list-writer.js';
import type { LegReport } from './leg-outcome.js';
import {
  DURATION_BYTES,
  LEG_BYTES,
  OPEN_BYTES,
  PORT_VERSION,
  RECORD_WORDS,
  RecordFlag,
  RecordType,
} from './records.js';

const HEAD_BYTES = RECORD_WORDS * 4;
const START_BYTES = 16384;
/** A batch over this leaves before the end of the turn, so that a port never holds more than a turn's small change. */
const FLUSH_BYTES = 262144;

/**
 * Packs records into one batch per turn of the event loop and posts it with one transferred buffer. The batch is gathered in
 * a buffer that stays, and copied out at its size: a fresh buffer of the right size would have to be guessed.
 */
export class PortWriter implements Flushable {
  private readonly port: MessagePort;
  private readonly turn: Turn;
  private readonly lists = new HeaderListWriter();
  private buf: Buffer = Buffer.alloc(0);
  private words: Int32Array = new Int32Array(0);
  /** Bytes used; 0 = nothing since the last flush. Always a multiple of 4. */
  private used = 0;
  private scheduled = false;
  private closed = false;
  /** Batches posted, and their bytes. */
  batches = 0;
  bytes = 0;

  constructor(port: MessagePort, turn: Turn) {
    this.port = port;
    this.turn = turn;
    this.grow(START_BYTES);
  }

  /** @param bytes rounded up to whole words */
  private grow(bytes: number): void {
    const grown = new ArrayBuffer((bytes + 3) & ~3);
    new Uint8Array(grown).set(this.buf);
    this.buf = Buffer.from(grown);
    this.words = new Int32Array(grown);
  }

  /** Makes room for a record with that many payload bytes and returns the word index of its head. */
  private begin(payloadBytes: number): number {
    if (this.used >= FLUSH_BYTES) this.flush();
    const wanted = this.used + 4 + HEAD_BYTES + payloadBytes + 4;
    if (wanted > this.buf.length) this.grow(Math.max(wanted, this.buf.length * 2));
    if (this.used === 0) {
      this.words[0] = PORT_VERSION;
      this.used = 4;
    }
    if (!this.scheduled) {
      this.scheduled = true;
      this.turn.add(this);
    }
    return this.used >>> 2;
  }

  private head(
    at: number,
    type: number,
    flags: number,
    aux: number,
    slot: number,
    generation: number,
    length: number,
  ): void {
    const { words } = this;
    words[at] = type | (flags << 8) | (aux << 16);
    words[at + 1] = slot;
    words[at + 2] = generation;
    words[at + 3] = length;
  }

  private end(payloadEnd: number): void {
    this.used = (payloadEnd + 3) & ~3;
  }

  /** @param connection index of the only connection to use, or -1 for all */
  open(
    slot: number,
    generation: number,
    flags: number,
    backend: number,
    connection: number,
    associationId: string,
    headers: HeaderList,
  ): void {
    const at = this.begin(OPEN_BYTES + associationId.length + maxListBytes(headers));
    const payload = at + RECORD_WORDS;
    this.words[payload] = backend;
    this.words[payload + 1] = connection;
    this.words[payload + 2] = associationId.length;
    let pos = payload * 4 + OPEN_BYTES;
    for (let i = 0; i < associationId.length; i++) this.buf[pos++] = associationId.charCodeAt(i);
    pos = this.lists.write(headers, this.buf, pos);
    this.head(at, RecordType.OPEN, flags, 0, slot, generation, pos - payload * 4);
    this.end(pos);
  }

  data(slot: number, generation: number, src: Uint8Array, start: number, end: number, last: boolean): void {
    const length = end - start;
    const at = this.begin(length);
    const pos = (at + RECORD_WORDS) * 4;
    if (length <= 64) for (let from = start, to = pos; from < end; from++, to++) this.buf[to] = src[from]!;
    else this.buf.set(start === 0 && end === src.length ? src : src.subarray(start, end), pos);
    this.head(at, RecordType.DATA, last ? RecordFlag.END : 0, 0, slot, generation, length);
    this.end(pos + length);
  }

  cancel(slot: number, generation: number): void {
    this.empty(RecordType.CANCEL, slot, generation, 0);
  }

  credit(slot: number, generation: number, bytes: number): void {
    this.empty(RecordType.CREDIT, slot, generation, bytes);
  }

  private empty(type: number, slot: number, generation: number, length: number): void {
    const at = this.begin(0);
    this.head(at, type, 0, 0, slot, generation, length);
    this.used = (at + RECORD_WORDS) * 4;
  }

  headers(slot: number, generation: number, connection: number, list: HeaderList): void {
    const at = this.begin(maxListBytes(list));
    const pos = (at + RECORD_WORDS) * 4;
    const end = this.lists.write(list, this.buf, pos);
    this.head(at, RecordType.HEADERS, 0, connection, slot, generation, end - pos);
    this.end(end);
  }

  /** @param backendMs see {@link RecordType.TRAILERS} */
  trailers(
    slot: number,
    generation: number,
    connection: number,
    backendMs: number,
    list: HeaderList,
    trailersOnly: boolean,
  ): void {
    const at = this.begin(DURATION_BYTES + maxListBytes(list));
    const pos = (at + RECORD_WORDS) * 4;
    const end = this.lists.write(list, this.buf, this.buf.writeDoubleLE(backendMs, pos));
    const flags = trailersOnly ? RecordFlag.TRAILERS_ONLY : 0;
    this.head(at, RecordType.TRAILERS, flags, connection, slot, generation, end - pos);
    this.end(end);
  }

  /** @param backendMs see {@link RecordType.TRAILERS} */
  fail(slot: number, generation: number, status: number, backendMs: number, message: string): void {
    const at = this.begin(DURATION_BYTES + Buffer.byteLength(message));
    const pos = (at + RECORD_WORDS) * 4;
    const text = this.buf.writeDoubleLE(backendMs, pos);
    const end = text + this.buf.write(message, text, 'utf8');
    this.head(at, RecordType.FAIL, 0, status, slot, generation, end - pos);
    this.end(end);
  }

  /** @param last the client gave the call up: nothing else follows */
  legs(slot: number, generation: number, legs: readonly LegReport[], last: boolean): void {
    const at = this.begin(legs.length * LEG_BYTES);
    let pos = (at + RECORD_WORDS) * 4;
    for (const { connection, outcome, openedMs, endedMs } of legs) {
      pos = this.buf.writeInt32LE(connection, pos);
      pos = this.buf.writeInt32LE(outcome, pos);
      pos = this.buf.writeFloatLE(openedMs, pos);
      pos = this.buf.writeFloatLE(endedMs, pos);
    }
    this.head(at, RecordType.LEGS, last ? RecordFlag.END : 0, 0, slot, generation, legs.length * LEG_BYTES);
    this.end(pos);
  }

  /** Posts a plain object, after all records written before it. */
  control(message: object): void {
    this.flush();
    if (!this.closed) this.port.postMessage(message);
  }

  flush(): void {
    this.scheduled = false;
    const { used } = this;
    if (used === 0) return;
    this.used = 0;
    if (this.closed) return;
    const batch = this.words.buffer.slice(0, used) as ArrayBuffer;
    this.batches++;
    this.bytes += used;
    this.port.postMessage(batch, [batch]);
    // One turn with a lot in it must not keep its buffer for ever.
    if (this.buf.length > FLUSH_BYTES * 4) {
      this.buf = Buffer.alloc(0);
      this.grow(START_BYTES);
    }
  }

  /** Writes no more: the other side is gone. */
  close(): void {
    this.closed = true;
  }
}
