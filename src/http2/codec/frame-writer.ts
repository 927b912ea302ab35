import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Flag, FRAME_HEAD_BYTES, FrameType, writeHead, writeUint32 } from '../frame/head.js';
import { SETTING_BYTES } from '../frame/settings.js';
import type { HpackEncoder } from '../hpack/encoder.js';
import type { HeaderField } from '../hpack/header-field.js';
import type { HeaderList } from '../hpack/header-list.js';
import { SCRATCH_BYTES, type ScratchPool } from './scratch-pool.js';
import type { Flushable, Turn } from './turn.js';

/** Told when the socket takes bytes again after {@link FrameWriter.blocked} was true. */
export interface WriterOwner {
  onWritable(): void;
  /** The socket holds more than `maxOutputBytes` that the peer does not read. */
  onOutputOverflow(): void;
}

/**
 * Writes frames into one scratch buffer per turn of the event loop and hands it to the socket in one write.
 *
 * The scratch is used again when the kernel took all of it at once (then `writableLength` is 0 after the write: the stream
 * has called its write back and looks at the bytes no more); otherwise it belongs to the socket and is left to it. A TLS
 * socket never says so within the write, so it would keep a scratch for every turn: it gets a copy instead.
 */
export class FrameWriter implements Flushable {
  private readonly socket: Duplex;
  /** The socket keeps what it is given beyond the write, always. */
  private readonly keepsBytes: boolean;
  private readonly owner: WriterOwner;
  private readonly turn: Turn;
  private readonly pool: ScratchPool;
  private scratch: Buffer | null = null;
  private used = 0;
  private scheduled = false;
  private closed = false;
  /** Most bytes that may wait in the socket before DATA is held back; not under its own mark, or its `drain` never comes. */
  private readonly highWater: number;
  /** Most bytes that may wait at all. DATA stops at `highWater` and never comes here; headers and control frames do. */
  private readonly maxOutputBytes: number;

  /** Bytes given to the socket so far. */
  given = 0;

  /** True while the socket has not taken what it was given. Control frames still go out; DATA must wait. */
  blocked = false;

  constructor(
    socket: Duplex,
    owner: WriterOwner,
    turn: Turn,
    pool: ScratchPool,
    highWater: number,
    maxOutputBytes: number,
  ) {
    this.socket = socket;
    this.keepsBytes = socket instanceof TLSSocket;
    this.owner = owner;
    this.turn = turn;
    this.pool = pool;
    this.highWater = Math.max(highWater, socket.writableHighWaterMark);
    // What is gathered when the mark is passed, and the frame at hand.
    this.maxOutputBytes = Math.max(maxOutputBytes, this.highWater + 2 * SCRATCH_BYTES);
    socket.on('drain', () => {
      if (!this.blocked) return;
      this.blocked = false;
      this.owner.onWritable();
    });
  }

  /** Bytes written to the socket that the kernel has not taken, plus those of this turn. */
  get pendingBytes(): number {
    return this.used + this.socket.writableLength;
  }

  /** Bytes that wait in the socket. */
  get inSocket(): number {
    return this.socket.writableLength;
  }

  /** Makes room for `bytes` (at most {@link SCRATCH_BYTES}) and returns where to write; `used` is advanced by the caller. */
  private room(bytes: number): Buffer {
    if (this.scratch !== null && this.used + bytes > SCRATCH_BYTES) this.flush();
    if (this.scratch === null) this.scratch = this.pool.take();
    if (!this.scheduled) {
      this.scheduled = true;
      this.turn.add(this);
    }
    return this.scratch;
  }

  /** Raw bytes: the client preface. */
  raw(bytes: Buffer): void {
    const out = this.room(bytes.length);
    bytes.copy(out, this.used);
    this.used += bytes.length;
  }

  /** One DATA frame; the caller keeps to the windows and to the peer's frame size (at most 16 KiB are written here). */
  data(id: number, endStream: boolean, src: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const out = this.room(FRAME_HEAD_BYTES + length);
    const pos = this.used;
    writeHead(out, pos, length, FrameType.DATA, endStream ? Flag.END_STREAM : 0, id);
    if (length <= 64) {
      // A call into C++ costs more than a few bytes copied here.
      for (let from = start, to = pos + FRAME_HEAD_BYTES; from < end; from++, to++) out[to] = src[from]!;
    } else {
      out.set(start === 0 && end === src.length ? src : src.subarray(start, end), pos + FRAME_HEAD_BYTES);
    }
    this.used = pos + FRAME_HEAD_BYTES + length;
  }

  /** A header block as HEADERS and, where the peer's frame size demands it, CONTINUATION frames. */
  headers(
    id: number,
    endStream: boolean,
    encoder: HpackEncoder,
    list: HeaderList,
    extra: HeaderField | undefined,
    maxFrameBytes: number,
  ): void {
    const flags = endStream ? Flag.END_STREAM : 0;
    const bound = encoder.maxEncodedLength(list, extra);
    if (FRAME_HEAD_BYTES + bound > SCRATCH_BYTES || bound > maxFrameBytes) {
      this.longHeaders(id, flags, encoder, list, extra, bound, maxFrameBytes);
      return;
    }
    const out = this.room(FRAME_HEAD_BYTES + bound);
    const start = this.used + FRAME_HEAD_BYTES;
    const end = encoder.encode(list, extra, out, start);
    writeHead(out, this.used, end - start, FrameType.HEADERS, flags | Flag.END_HEADERS, id);
    this.used = end;
  }

  private longHeaders(
    id: number,
    flags: number,
    encoder: HpackEncoder,
    list: HeaderList,
    extra: HeaderField | undefined,
    bound: number,
    maxFrameBytes: number,
  ): void {
    const block = Buffer.allocUnsafe(bound);
    const length = encoder.encode(list, extra, block, 0);
    const step = Math.min(maxFrameBytes, SCRATCH_BYTES - FRAME_HEAD_BYTES);
    let type: number = FrameType.HEADERS;
    for (let pos = 0; pos < length || type === FrameType.HEADERS; pos += step) {
      const n = Math.min(step, length - pos);
      const out = this.room(FRAME_HEAD_BYTES + n);
      const last = pos + n >= length ? Flag.END_HEADERS : 0;
      writeHead(out, this.used, n, type, (type === FrameType.HEADERS ? flags : 0) | last, id);
      block.copy(out, this.used + FRAME_HEAD_BYTES, pos, pos + n);
      this.used += FRAME_HEAD_BYTES + n;
      type = FrameType.CONTINUATION;
    }
  }

  rstStream(id: number, code: number): void {
    this.fourByteFrame(FrameType.RST_STREAM, id, code);
  }

  windowUpdate(id: number, increment: number): void {
    this.fourByteFrame(FrameType.WINDOW_UPDATE, id, increment);
  }

  private fourByteFrame(type: number, id: number, value: number): void {
    const out = this.room(FRAME_HEAD_BYTES + 4);
    writeHead(out, this.used, 4, type, 0, id);
    writeUint32(out, this.used + FRAME_HEAD_BYTES, value);
    this.used += FRAME_HEAD_BYTES + 4;
  }

  /** SETTINGS with these (identifier, value) pairs, flat. */
  settings(entries: readonly number[]): void {
    const length = (entries.length / 2) * SETTING_BYTES;
    const out = this.room(FRAME_HEAD_BYTES + length);
    writeHead(out, this.used, length, FrameType.SETTINGS, 0, 0);
    let pos = this.used + FRAME_HEAD_BYTES;
    for (let i = 0; i < entries.length; i += 2) {
      out[pos] = entries[i]! >>> 8;
      out[pos + 1] = entries[i]! & 0xff;
      writeUint32(out, pos + 2, entries[i + 1]!);
      pos += SETTING_BYTES;
    }
    this.used = pos;
  }

  settingsAck(): void {
    const out = this.room(FRAME_HEAD_BYTES);
    writeHead(out, this.used, 0, FrameType.SETTINGS, Flag.ACK, 0);
    this.used += FRAME_HEAD_BYTES;
  }

  /** PING with the 8 octets at `payload[start]`. */
  ping(ack: boolean, payload: Uint8Array, start: number): void {
    const out = this.room(FRAME_HEAD_BYTES + 8);
    writeHead(out, this.used, 8, FrameType.PING, ack ? Flag.ACK : 0, 0);
    for (let i = 0; i < 8; i++) out[this.used + FRAME_HEAD_BYTES + i] = payload[start + i]!;
    this.used += FRAME_HEAD_BYTES + 8;
  }

  goaway(lastId: number, code: number, debug: string): void {
    const text = Buffer.from(debug.slice(0, 256), 'latin1');
    const out = this.room(FRAME_HEAD_BYTES + 8 + text.length);
    writeHead(out, this.used, 8 + text.length, FrameType.GOAWAY, 0, 0);
    writeUint32(out, this.used + FRAME_HEAD_BYTES, lastId);
    writeUint32(out, this.used + FRAME_HEAD_BYTES + 4, code);
    text.copy(out, this.used + FRAME_HEAD_BYTES + 8);
    this.used += FRAME_HEAD_BYTES + 8 + text.length;
  }

  /** Hands everything gathered so far to the socket. Called at the end of the turn, or earlier when the scratch is full. */
  flush(): void {
    this.scheduled = false;
    const { scratch, used, socket } = this;
    if (scratch === null) return;
    this.scratch = null;
    this.used = 0;
    if (used === 0 || this.closed || socket.destroyed || socket.writableEnded) {
      this.pool.give(scratch);
      return;
    }
    this.given += used;
    if (this.keepsBytes || socket.writableLength > 0) {
      // The socket is TLS or behind, so it will keep these bytes for a while: give it a buffer of their size.
      socket.write(Buffer.from(scratch.subarray(0, used)));
      this.pool.give(scratch);
    } else {
      socket.write(scratch.subarray(0, used));
      if (socket.writableLength === 0) this.pool.give(scratch);
    }
    const waiting = socket.writableLength;
    if (waiting <= this.highWater) return;
    this.blocked = true;
    if (waiting > this.maxOutputBytes) this.owner.onOutputOverflow();
  }

  /** Drops what was not flushed and writes no more. */
  close(): void {
    this.closed = true;
    if (this.scratch !== null) this.pool.give(this.scratch);
    this.scratch = null;
    this.used = 0;
  }
}
