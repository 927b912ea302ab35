import type { Duplex } from 'node:stream';
import { type FrameHandler, FrameReader } from '../codec/frame-reader.js';
import type { FrameWriter } from '../codec/frame-writer.js';
import type { ScratchPool } from '../codec/scratch-pool.js';
import type { Turn } from '../codec/turn.js';
import { ErrorCode, errorCodeName } from '../frame/error-code.js';
import { DEFAULT_WINDOW_BYTES } from '../frame/head.js';
import { Http2Error } from '../frame/http2-error.js';
import { readSettings, Setting } from '../frame/settings.js';
import { HpackDecoder, oversizedList } from '../hpack/decoder.js';
import type { HeaderList } from '../hpack/header-list.js';
import { HpackError } from '../hpack/hpack-error.js';
import type { SharedHeaderLists } from '../hpack/shared-header-lists.js';
import { BlockKind, malformed } from '../stream/header-rules.js';
import { ResetCause, type Stream } from '../stream/stream.js';
import { afterLocalEnd, afterRemoteEnd, mayReceive, StreamState } from '../stream/stream-state.js';
import { Sender, type SenderOwner } from './sender.js';

/** What every session of a thread shares. */
export interface SessionContext {
  readonly turn: Turn;
  readonly scratch: ScratchPool;
  readonly sharedLists: SharedHeaderLists;
}

/** Limits and windows of one session; all in bytes or counts. */
export interface SessionOptions {
  /** What we announce as SETTINGS_INITIAL_WINDOW_SIZE. */
  readonly streamWindow: number;
  /** The connection's receive window; given back as bytes arrive, because the streams' windows bound memory. */
  readonly connectionWindow: number;
  /** SETTINGS_MAX_CONCURRENT_STREAMS we announce (server side). */
  readonly maxConcurrentStreams: number;
  /** SETTINGS_MAX_HEADER_LIST_SIZE. */
  readonly maxHeaderListBytes: number;
  readonly maxHeaderFields: number;
  /** SETTINGS_HEADER_TABLE_SIZE, and most we use of the peer's. */
  readonly headerTableBytes: number;
  readonly maxContinuations: number;
  /** Bytes that may wait in the socket before DATA is held back. */
  readonly socketHighWater: number;
}

/** What a session tells its owner. */
export interface SessionOwner {
  /** The peer's SETTINGS arrived: the connection can be used. */
  onReady(): void;
  /** The peer sent GOAWAY: no new streams. */
  onGoaway(code: number, debug: string): void;
  /** The connection is gone; every stream has been told. Called once. `reason` is for the log. */
  onClose(reason: string): void;
}

const PEER_ENDED_REMEMBERED = 64;

/**
 * One HTTP/2 connection (RFC 9113), the part that both sides have in common: frames, windows, settings, ping, the table of
 * streams and what is sent on them. {@link ServerSession} and {@link ClientSession} add who may open streams.
 */
export abstract class Session implements FrameHandler, SenderOwner {
  readonly socket: Duplex;
  protected readonly context: SessionContext;
  protected readonly options: SessionOptions;
  protected readonly owner: SessionOwner;
  /** @internal used by Stream */
  readonly sender: Sender;
  protected readonly writer: FrameWriter;
  private readonly reader: FrameReader;
  private readonly decoder: HpackDecoder;
  protected readonly streams = new Map<number, Stream>();

  /** How many streams the peer takes at a time. */
  protected peerMaxConcurrentStreams = Number.POSITIVE_INFINITY;
  /** Bytes the peer may still send on the connection (RFC 9113 §6.9). */
  private receiveWindow = DEFAULT_WINDOW_BYTES;

  /**
   * A ring of the ids of streams that the peer itself ended lately, by END_STREAM or RST_STREAM: more frames on them are its
   * fault. On any other closed stream they may have been on their way when we reset it, and there can be any number of those:
   * a client that gives up a thousand calls must not cost the connection (RFC 9113 §5.1).
   */
  private readonly peerEndedIds = new Int32Array(PEER_ENDED_REMEMBERED);
  private peerEndedCount = 0;
  private settingsAcked = false;
  private ready = false;
  private pingWaiting: ((ackAfterMs: number) => void) | null = null;
  private pingSentAt = 0;
  protected closed = false;
  private closeReason = 'closed by the peer';

  constructor(socket: Duplex, context: SessionContext, options: SessionOptions, owner: SessionOwner, server: boolean) {
    this.socket = socket;
    this.context = context;
    this.options = options;
    this.owner = owner;
    this.sender = new Sender(socket, context, options, this);
    this.writer = this.sender.writer;
    this.reader = new FrameReader(
      this,
      { maxHeaderBlockBytes: options.maxHeaderListBytes, maxContinuations: options.maxContinuations },
      server,
    );
    this.decoder = new HpackDecoder({
      tableSize: options.headerTableBytes,
      maxListBytes: options.maxHeaderListBytes,
      maxListFields: options.maxHeaderFields,
      shared: context.sharedLists,
    });
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error: Error) => {
      this.closeReason = error.message;
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => this.onSocketClose());
  }

  /** How many streams are open. */
  get streamCount(): number {
    return this.streams.size;
  }

  /** False once the connection is gone. */
  get alive(): boolean {
    return !this.closed;
  }

  /** SETTINGS and, when we want a larger connection window than the default, its WINDOW_UPDATE. Called by subclasses. */
  protected sendPreface(settings: readonly number[]): void {
    this.writer.settings(settings);
    const more = this.options.connectionWindow - DEFAULT_WINDOW_BYTES;
    if (more > 0) {
      this.writer.windowUpdate(0, more);
      this.receiveWindow += more;
    }
  }

  /** SETTINGS entries that both sides send. */
  protected commonSettings(): number[] {
    const { streamWindow, maxHeaderListBytes, headerTableBytes } = this.options;
    const entries: number[] = [
      Setting.INITIAL_WINDOW_SIZE,
      streamWindow,
      Setting.MAX_HEADER_LIST_SIZE,
      maxHeaderListBytes,
    ];
    if (headerTableBytes !== 4096) entries.push(Setting.HEADER_TABLE_SIZE, headerTableBytes);
    return entries;
  }

  /** The receive window a new stream starts with: until our SETTINGS are acknowledged the peer may still assume the default. */
  protected initialReceiveWindow(): number {
    const { streamWindow } = this.options;
    return this.settingsAcked ? streamWindow : Math.max(streamWindow, DEFAULT_WINDOW_BYTES);
  }

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private receive(chunk: Buffer): void {
    if (this.closed) return;
    try {
      this.reader.push(chunk);
    } catch (error) {
      if (error instanceof Http2Error) this.fail(error.code, error.message);
      else if (error instanceof HpackError) this.fail(ErrorCode.COMPRESSION_ERROR, error.message);
      else throw error;
    }
  }

  /** Streams of this id range are opened by the peer / were opened by us: what an unknown id means. Implemented per side. */
  protected abstract isIdle(id: number): boolean;
  /** A header block on a stream that is not in the table. `selfDependent`: its priority names the stream itself. */
  protected abstract onUnknownStreamHeaders(
    id: number,
    endStream: boolean,
    list: HeaderList,
    selfDependent: boolean,
  ): void;
  protected abstract checkHeaders(stream: Stream, list: HeaderList, endStream: boolean): void;

  /** A frame came for a stream that is not in the table: decides between ignoring, a stream error and a connection error. */
  private onStrayFrame(id: number, what: string): void {
    if (this.isIdle(id)) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `${what} on idle stream ${id}`);
    if (this.peerEndedIds.includes(id)) {
      throw new Http2Error(ErrorCode.STREAM_CLOSED, `${what} on closed stream ${id}`);
    }
  }

  onData(id: number, endStream: boolean, buf: Buffer, start: number, end: number, flowBytes: number): void {
    this.receiveWindow -= flowBytes;
    if (this.receiveWindow < 0) throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, 'the connection window is exceeded');
    // The connection's window is given back at once: one slow stream must not stop the others; its own window bounds it.
    if (this.receiveWindow < this.options.connectionWindow >>> 1) {
      this.writer.windowUpdate(0, this.options.connectionWindow - this.receiveWindow);
      this.receiveWindow = this.options.connectionWindow;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.onStrayFrame(id, 'DATA');
      return;
    }
    if (!mayReceive(stream.state)) {
      this.failStream(stream, ErrorCode.STREAM_CLOSED);
      return;
    }
    if (!stream.gotHeaders) {
      this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    stream.receiveWindow -= flowBytes;
    if (stream.receiveWindow < 0) {
      this.failStream(stream, ErrorCode.FLOW_CONTROL_ERROR);
      return;
    }
    if (stream.contentLeft >= 0) {
      stream.contentLeft -= end - start;
      if (stream.contentLeft < 0 || (endStream && stream.contentLeft !== 0)) {
        // RFC 9113 §8.1.1: the sum of the DATA payloads must be what content-length says.
        this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
        return;
      }
    }
    // Padding never reaches the handler, so its window is given back here.
    const padding = flowBytes - (end - start);
    if (padding > 0 && !endStream) this.consume(stream, padding);
    if (endStream) this.endRemote(stream);
    stream.handler.onData(buf, start, end, endStream);
  }

  onHeaderBlock(id: number, endStream: boolean, buf: Buffer, start: number, end: number, dependsOn: number): void {
    // Decoded always: the dynamic table must follow the peer's, whatever becomes of the stream (RFC 7541 §2.2).
    const list = this.decoder.decode(buf, start, end);
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.onUnknownStreamHeaders(id, endStream, list, dependsOn === id);
      return;
    }
    if (!mayReceive(stream.state)) {
      this.failStream(stream, ErrorCode.STREAM_CLOSED);
      return;
    }
    if (dependsOn === id) {
      this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    if (list === oversizedList) {
      this.failStream(stream, ErrorCode.ENHANCE_YOUR_CALM);
      return;
    }
    if (stream.gotHeaders) {
      if (!endStream || malformed(list, BlockKind.trailers) !== undefined || stream.contentLeft > 0) {
        this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
        return;
      }
      this.endRemote(stream);
      stream.handler.onTrailers(list);
      return;
    }
    this.checkHeaders(stream, list, endStream);
  }

  /** RST_STREAM for a HEADERS on a stream that was closed: shared by both sides' `onUnknownStreamHeaders`. */
  protected onClosedStreamHeaders(id: number): void {
    this.onStrayFrame(id, 'HEADERS');
  }

  onPriority(id: number, dependsOn: number): void {
    // Priorities are deprecated and ignored (RFC 9113 §5.3.2); a stream that depends on itself is still an error (§5.3.1 of RFC 7540).
    if (dependsOn === id) this.onStreamError(id, ErrorCode.PROTOCOL_ERROR);
  }

  onStreamFrameSizeError(id: number): void {
    this.onStreamError(id, ErrorCode.FRAME_SIZE_ERROR);
  }

  private onStreamError(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.failStream(stream, code);
    else if (!this.isIdle(id)) return;
    else throw new Http2Error(code, `a bad PRIORITY frame on idle stream ${id}`);
  }

  onRstStream(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `RST_STREAM on idle stream ${id}`);
      return;
    }
    this.rememberPeerEnded(id);
    this.remove(stream);
    stream.handler.onReset(code, code === ErrorCode.REFUSED_STREAM ? ResetCause.refused : ResetCause.peer);
  }

  onSettings(ack: boolean, buf: Buffer, start: number, end: number): void {
    if (ack) {
      this.settingsAcked = true;
      this.decoder.settingsAcknowledged();
      return;
    }
    readSettings(buf, start, end, (id, value) => this.applySetting(id, value));
    this.writer.settingsAck();
    if (!this.ready) {
      this.ready = true;
      this.owner.onReady();
    }
    this.sender.pump();
  }

  private applySetting(id: number, value: number): void {
    switch (id) {
      case Setting.HEADER_TABLE_SIZE:
        this.sender.encoder.setPeerTableSize(value);
        break;
      case Setting.MAX_CONCURRENT_STREAMS:
        this.peerMaxConcurrentStreams = value;
        this.onPeerStreamLimit();
        break;
      case Setting.MAX_FRAME_SIZE:
        this.sender.setMaxFrameBytes(value);
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        this.sender.setInitialWindow(value, this.streams.values());
        break;
    }
  }

  /** The peer changed how many streams it takes. */
  protected onPeerStreamLimit(): void {}

  onPing(ack: boolean, buf: Buffer, start: number): void {
    if (!ack) {
      this.writer.ping(true, buf, start);
      return;
    }
    const waiting = this.pingWaiting;
    this.pingWaiting = null;
    waiting?.(performance.now() - this.pingSentAt);
  }

  /** Sends a PING; `onAck` gets the round trip in ms. One at a time: a second one before the answer is not sent. */
  ping(onAck: (rttMs: number) => void): boolean {
    if (this.pingWaiting !== null || this.closed) return false;
    this.pingWaiting = onAck;
    this.pingSentAt = performance.now();
    this.writer.ping(false, Buffer.alloc(8), 0);
    return true;
  }

  abstract onGoaway(lastId: number, code: number, debug: string): void;

  onWindowUpdate(id: number, increment: number): void {
    if (id === 0) {
      if (increment === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE of 0');
      this.sender.openWindow(increment);
      return;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `WINDOW_UPDATE on idle stream ${id}`);
      return;
    }
    if (increment === 0) {
      this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    if (!this.sender.openStreamWindow(stream, increment)) this.failStream(stream, ErrorCode.FLOW_CONTROL_ERROR);
  }

  // ── called by Stream ────────────────────────────────────────────────────────────────────────────────────────────────

  resetStream(stream: Stream, code: number): void {
    if (stream.state === StreamState.CLOSED) return;
    this.writer.rstStream(stream.id, code);
    this.remove(stream);
  }

  consume(stream: Stream, bytes: number): void {
    if (!mayReceive(stream.state)) return;
    stream.unannounced += bytes;
    // Half a window at a time: often enough that the peer never waits for us, seldom enough to cost little.
    if (stream.unannounced >= this.options.streamWindow >>> 1) {
      this.writer.windowUpdate(stream.id, stream.unannounced);
      stream.receiveWindow += stream.unannounced;
      stream.unannounced = 0;
    }
  }

  // ── the table of streams ───────────────────────────────────────────────────────────────────────────────────────────

  /** Our side has sent END_STREAM. */
  localEnded(stream: Stream): void {
    stream.state = afterLocalEnd(stream.state);
    if (stream.state === StreamState.CLOSED) this.remove(stream);
  }

  protected endRemote(stream: Stream): void {
    this.rememberPeerEnded(stream.id);
    stream.state = afterRemoteEnd(stream.state);
    if (stream.state === StreamState.CLOSED) this.remove(stream);
  }

  /** The peer broke the rules on one stream (RFC 9113 §5.4.2). */
  protected failStream(stream: Stream, code: number): void {
    this.resetStream(stream, code);
    stream.handler.onReset(code, ResetCause.protocol);
  }

  private remove(stream: Stream): void {
    stream.state = StreamState.CLOSED;
    stream.queue.clear();
    this.streams.delete(stream.id);
    this.onStreamClosed();
  }

  /** A stream left the table. */
  protected onStreamClosed(): void {}

  private rememberPeerEnded(id: number): void {
    this.peerEndedIds[this.peerEndedCount++ % PEER_ENDED_REMEMBERED] = id;
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Highest id of a stream the peer opened and we took, for GOAWAY. */
  protected abstract lastPeerStreamId(): number;

  /** Ends the connection with GOAWAY because of a fault. */
  fail(code: number, message: string): void {
    if (this.closed) return;
    this.closeReason = `${errorCodeName(code)}: ${message}`;
    this.writer.goaway(this.lastPeerStreamId(), code, message);
    this.writer.flush();
    this.terminate();
  }

  /** Ends the connection now. What was written goes out first, as far as the socket takes it. */
  close(reason: string): void {
    if (this.closed) return;
    this.closeReason = reason;
    this.writer.flush();
    this.terminate();
  }

  private terminate(): void {
    const { socket } = this;
    this.sender.close();
    socket.end();
    this.onSocketClose();
    // A peer that never closes its side must not keep the socket; a short while lets it read our GOAWAY.
    const timer = setTimeout(() => socket.destroy(), 1000);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  }

  private onSocketClose(): void {
    if (this.closed) return;
    this.closed = true;
    this.sender.close();
    const streams = [...this.streams.values()];
    this.streams.clear();
    for (const stream of streams) {
      stream.state = StreamState.CLOSED;
      stream.queue.clear();
      stream.handler.onReset(ErrorCode.CONNECT_ERROR, ResetCause.connection);
    }
    this.owner.onClose(this.closeReason);
  }
}
