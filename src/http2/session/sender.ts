import type { Duplex } from 'node:stream';
import { FrameWriter, type WriterOwner } from '../codec/frame-writer.js';
import { SCRATCH_BYTES } from '../codec/scratch-pool.js';
import { ErrorCode } from '../frame/error-code.js';
import { DEFAULT_MAX_FRAME_BYTES, DEFAULT_WINDOW_BYTES, MAX_INT31 } from '../frame/head.js';
import { Http2Error } from '../frame/http2-error.js';
import { Setting } from '../frame/settings.js';
import { HpackEncoder } from '../hpack/encoder.js';
import type { HeaderField } from '../hpack/header-field.js';
import type { HeaderList } from '../hpack/header-list.js';
import type { Stream } from '../stream/stream.js';
import { maySend, StreamState } from '../stream/stream-state.js';
import type { HonestTraffic } from './abuse-budget.js';
import type { FlowCounters } from './flow-counters.js';
import type { SessionContext, SessionOptions } from './options.js';
import type { StreamTable } from './stream-table.js';

/** Told when our side of a stream has ended. */
export interface SenderOwner {
  localEnded(stream: Stream): void;
  /** See {@link WriterOwner.onOutputOverflow}. */
  onOutputOverflow(): void;
}

/**
 * What a session sends on its streams: within the connection's window, each stream's window and what the socket takes; what
 * does not go now waits in the stream's queue, and the streams that could send stand in a line and are served one frame each.
 */
export class Sender implements WriterOwner {
  readonly writer: FrameWriter;
  private readonly encoder: HpackEncoder;
  private readonly owner: SenderOwner;
  private readonly flow: FlowCounters;
  /** The peer's settings. */
  private maxFrameBytes = DEFAULT_MAX_FRAME_BYTES;
  /** Window a new stream starts with. */
  initialWindow = DEFAULT_WINDOW_BYTES;
  /** Bytes we may still send on the connection (RFC 9113 §6.9). */
  private window = DEFAULT_WINDOW_BYTES;
  /** Streams with something to send that their own window allows. */
  private line: Stream[] = [];
  private lineHead = 0;
  private readonly traffic: HonestTraffic;

  constructor(
    socket: Duplex,
    context: SessionContext,
    options: SessionOptions,
    traffic: HonestTraffic,
    owner: SenderOwner,
  ) {
    this.traffic = traffic;
    this.owner = owner;
    this.flow = options.flow;
    this.writer = new FrameWriter(
      socket,
      this,
      context.turn,
      context.scratch,
      options.socketHighWater,
      options.maxOutputBytes,
    );
    this.encoder = new HpackEncoder({ tableSize: options.headerTableBytes });
  }

  // ── what the peer allows ───────────────────────────────────────────────────────────────────────────────────────────

  /** Applies a setting of the peer that concerns what we send on `streams`. @throws Http2Error when a window overflows */
  setting(id: number, value: number, streams: StreamTable): void {
    switch (id) {
      case Setting.HEADER_TABLE_SIZE:
        this.encoder.setPeerTableSize(value);
        break;
      case Setting.MAX_FRAME_SIZE:
        // We never use more than the default.
        this.maxFrameBytes = Math.min(value, DEFAULT_MAX_FRAME_BYTES);
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        this.setInitialWindow(value, streams);
        break;
    }
  }

  /**
   * SETTINGS_INITIAL_WINDOW_SIZE changes the window of every stream by the difference (RFC 9113 §6.9.2).
   * @throws Http2Error when a window overflows
   */
  private setInitialWindow(bytes: number, streams: StreamTable): void {
    const change = bytes - this.initialWindow;
    this.initialWindow = bytes;
    for (const stream of streams.all()) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_INT31) {
        throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, `SETTINGS overflow the window of stream ${stream.id}`);
      }
      if (change > 0) this.joinLine(stream);
    }
  }

  /** WINDOW_UPDATE for the connection. @throws Http2Error when the window overflows */
  openWindow(bytes: number): void {
    this.window += bytes;
    if (this.window > MAX_INT31) {
      throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, 'the connection window overflows');
    }
    this.pump();
  }

  /** WINDOW_UPDATE for a stream. Returns false when its window overflows. */
  openStreamWindow(stream: Stream, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.sendWindow > MAX_INT31) return false;
    this.joinLine(stream);
    this.pump();
    return true;
  }

  onWritable(): void {
    this.pump();
  }

  onOutputOverflow(): void {
    this.owner.onOutputOverflow();
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────────

  headers(stream: Stream, list: HeaderList, extra: HeaderField | undefined, endStream: boolean): void {
    if (!maySend(stream.state)) return;
    this.traffic.headerBlocks++;
    this.writer.headers(stream.id, endStream, this.encoder, list, extra, this.maxFrameBytes);
    if (endStream) this.owner.localEnded(stream);
  }

  data(stream: Stream, buf: Uint8Array, start: number, end: number, endStream: boolean): void {
    if (!maySend(stream.state) || stream.queue.endStream || stream.queue.trailers !== null) return;
    const length = end - start;
    if (length === 0 && !endStream) return;
    if (stream.queue.bytes === 0 && (length === 0 || this.fits(stream, length))) {
      // The common case: nothing waits and the frame fits. An empty one that ends the stream needs no window (RFC 9113 §6.9.1).
      this.traffic.dataFrames++;
      this.writer.data(stream.id, endStream, buf, start, end);
      stream.sendWindow -= length;
      this.window -= length;
      if (endStream) this.owner.localEnded(stream);
      if (length > 0) stream.handler.onSent(length);
      return;
    }
    const waited = stream.queue.bytes > 0;
    stream.queue.push(buf, start, end);
    stream.queue.endStream = endStream;
    this.joinLine(stream);
    this.pump();
    if (waited || stream.queue.bytes === 0) return;
    if (this.writer.blocked) this.flow.socketStalls++;
    else this.flow.windowStalls++;
  }

  private fits(stream: Stream, length: number): boolean {
    return length <= stream.sendWindow && length <= this.window && length <= this.maxFrameBytes && !this.writer.blocked;
  }

  trailers(stream: Stream, list: HeaderList): void {
    if (!maySend(stream.state) || stream.queue.endStream) return;
    if (stream.queue.bytes > 0) {
      stream.queue.trailers = list;
      return;
    }
    this.writer.headers(stream.id, true, this.encoder, list, undefined, this.maxFrameBytes);
    this.owner.localEnded(stream);
  }

  /** Puts a stream in the line when it has something to send and its window lets it. */
  private joinLine(stream: Stream): void {
    if (stream.inLine || stream.queue.empty) return;
    if (stream.sendWindow <= 0 && stream.queue.bytes > 0) return;
    stream.inLine = true;
    this.line.push(stream);
  }

  /**
   * Sends what waits, one frame a stream in turn, until the line is empty, the connection's window is used up or the socket
   * is behind. Whatever ends one of these three calls it again: WINDOW_UPDATE, SETTINGS, `drain`, new data.
   */
  pump(): void {
    const { line, writer } = this;
    while (this.lineHead < line.length && !writer.blocked) {
      const stream = line[this.lineHead]!;
      const { queue } = stream;
      if (stream.state === StreamState.CLOSED || queue.empty) {
        this.leaveLine(stream);
      } else if (queue.bytes === 0) {
        this.leaveLine(stream);
        if (queue.endStream) writer.data(stream.id, true, EMPTY, 0, 0);
        this.finishQueue(stream);
      } else {
        const piece = queue.front();
        const n = Math.min(piece.end - piece.start, this.maxFrameBytes, stream.sendWindow, this.window);
        if (n <= 0 && this.window <= 0) break;
        this.leaveLine(stream);
        if (n > 0) this.sendPiece(stream, piece.buf, piece.start, n);
      }
    }
    this.trimLine();
  }

  private sendPiece(stream: Stream, buf: Uint8Array, start: number, n: number): void {
    const { writer } = this;
    const { queue } = stream;
    const last = queue.endStream && n === queue.bytes;
    // A window that lets through a few bytes at a time (CVE-2019-9511) earns nothing for its many updates.
    if (n < stream.sendWindow || n >= DRIBBLE_BYTES) this.traffic.dataFrames++;
    stream.stalledSince = 0;
    writer.data(stream.id, last, buf, start, start + n);
    // The write may have ended the connection: then the queue is gone, and the handler was told.
    if (stream.state === StreamState.CLOSED) return;
    queue.advance(n);
    stream.sendWindow -= n;
    this.window -= n;
    if (last || (queue.bytes === 0 && queue.trailers !== null)) this.finishQueue(stream);
    else this.joinLine(stream);
    stream.handler.onSent(n);
    // A scratch full of DATA goes out at once, so that a socket that is behind is noticed within one scratch.
    if (writer.pendingBytes >= SCRATCH_BYTES - DEFAULT_MAX_FRAME_BYTES) writer.flush();
  }

  private leaveLine(stream: Stream): void {
    this.lineHead++;
    stream.inLine = false;
  }

  private trimLine(): void {
    const { line } = this;
    if (this.lineHead === line.length) {
      line.length = 0;
      this.lineHead = 0;
    } else if (this.lineHead > 1024) {
      line.splice(0, this.lineHead);
      this.lineHead = 0;
    }
  }

  /** The queue's bytes are out: END_STREAM went with the last, or the trailers go now. */
  private finishQueue(stream: Stream): void {
    const { trailers } = stream.queue;
    stream.queue.clear();
    if (trailers !== null) {
      this.writer.headers(stream.id, true, this.encoder, trailers, undefined, this.maxFrameBytes);
    }
    this.owner.localEnded(stream);
  }

  /** Writes no more. */
  close(): void {
    this.writer.close();
    this.line = [];
    this.lineHead = 0;
  }
}

const EMPTY = Buffer.alloc(0);

/** A DATA frame that its stream's window kept shorter than this, in bytes, is no gain to anyone. */
const DRIBBLE_BYTES = 1024;
