import { type FrameHandler, type FrameLimits, FrameReader } from '../codec/frame-reader.js';
import { ErrorCode } from '../frame/error-code.js';
import { DEFAULT_WINDOW_BYTES } from '../frame/head.js';
import { Http2Error } from '../frame/http2-error.js';
import { readSettings } from '../frame/settings.js';
import { HpackDecoder, oversizedList } from '../hpack/decoder.js';
import type { HeaderList } from '../hpack/header-list.js';
import { BlockKind, malformed } from '../stream/header-rules.js';
import type { Stream } from '../stream/stream.js';
import { mayReceive } from '../stream/stream-state.js';
import { Abuse } from './abuse-budget.js';
import type { Limit } from './limit-counters.js';
import type { SessionContext, SessionOptions } from './options.js';
import type { Sender } from './sender.js';

/** The session, as what it receives sees it. */
export interface ReceiverOwner {
  stream(id: number): Stream | undefined;
  /** A stream with this id was never opened. */
  isIdle(id: number): boolean;
  /** The peer itself ended this stream a short while ago. */
  wasEndedByPeer(id: number): boolean;
  /** A header block on a stream that is not in the table. `selfDependent`: its priority names the stream itself. */
  onUnknownStreamHeaders(id: number, endStream: boolean, list: HeaderList, selfDependent: boolean): void;
  /** The first header block of a stream in the table. */
  onStreamHeaders(stream: Stream, list: HeaderList, endStream: boolean): void;
  /** The peer has ended its side. */
  remoteEnded(stream: Stream): void;
  /** The peer has reset the stream. */
  remoteReset(stream: Stream, code: number): void;
  /** The peer broke the rules on one stream (RFC 9113 §5.4.2). */
  failStream(stream: Stream, code: number): void;
  /** Takes a token from the peer's budget, and acts when there is none. False: the connection is being closed. */
  spend(kind: Abuse): boolean;
  onSetting(id: number, value: number): void;
  /** A SETTINGS frame has been applied. */
  onSettingsApplied(): void;
  /** A PING of ours is answered; its 8 bytes are at `start`. False when nobody asked. */
  onPingAck(buf: Buffer, start: number): boolean;
  /** Counts a limit that the peer has met. */
  hit(limit: Limit, detail: string): void;
  onGoaway(lastId: number, code: number, debug: string): void;
}

/**
 * What a session receives: frames of its reader, checked against the table of streams, the windows and the peer's budget,
 * and handed to the streams. The counterpart of {@link Sender}.
 */
export class Receiver implements FrameHandler {
  private readonly owner: ReceiverOwner;
  private readonly options: SessionOptions;
  private readonly reader: FrameReader;
  private readonly decoder: HpackDecoder;
  private readonly sender: Sender;
  private readonly server: boolean;
  /** Bytes the peer may still send on the connection (RFC 9113 §6.9). */
  private window: number;
  private settingsAcked = false;

  constructor(owner: ReceiverOwner, context: SessionContext, options: SessionOptions, sender: Sender, server: boolean) {
    this.owner = owner;
    this.options = options;
    this.sender = sender;
    this.server = server;
    this.window = Math.max(options.connectionWindow, DEFAULT_WINDOW_BYTES);
    const limits: FrameLimits = {
      // A list somewhat over the limit is refused on its stream, not with the connection under the client's other calls.
      maxHeaderBlockBytes: options.maxHeaderListBytes * 2,
      maxContinuations: options.maxContinuations,
    };
    this.reader = new FrameReader(this, limits, server);
    this.decoder = new HpackDecoder({
      tableSize: options.headerTableBytes,
      maxListBytes: options.maxHeaderListBytes,
      maxListFields: options.maxHeaderFields,
      shared: context.sharedLists,
    });
  }

  /**
   * Takes the next bytes of the connection.
   * @throws Http2Error, HpackError connection errors
   */
  push(chunk: Buffer): void {
    this.reader.push(chunk);
  }

  /** Takes no more. */
  stop(): void {
    this.reader.stop();
  }

  /** True once the peer's preface and first SETTINGS are here. */
  get prefaceDone(): boolean {
    return this.reader.prefaceDone;
  }

  /** See {@link FrameReader.midHeaders}. */
  get midHeaders(): boolean {
    return this.reader.midHeaders;
  }

  /** See {@link FrameReader.completed}. */
  get completed(): number {
    return this.reader.completed;
  }

  /** The receive window a new stream starts with: until our SETTINGS are acknowledged the peer may still assume the default. */
  get initialWindow(): number {
    const { streamWindow } = this.options;
    return this.settingsAcked ? streamWindow : Math.max(streamWindow, DEFAULT_WINDOW_BYTES);
  }

  /** A frame came for a stream that is not in the table: it may have been on its way when we reset the stream, or not. */
  onStrayFrame(id: number, what: string): void {
    if (this.owner.isIdle(id)) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `${what} on idle stream ${id}`);
    if (this.owner.wasEndedByPeer(id)) {
      throw new Http2Error(ErrorCode.STREAM_CLOSED, `${what} on closed stream ${id}`);
    }
  }

  onData(id: number, endStream: boolean, buf: Buffer, start: number, end: number, flowBytes: number): void {
    if (start === end && !endStream && !this.owner.spend(Abuse.emptyFrame)) return;
    this.window -= flowBytes;
    if (this.window < 0) throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, 'the connection window is exceeded');
    // The connection's window is given back at once: one slow stream must not stop the others; its own window bounds it.
    if (this.window < this.options.connectionWindow >>> 1) {
      this.sender.writer.windowUpdate(0, this.options.connectionWindow - this.window);
      this.window = this.options.connectionWindow;
    }
    const stream = this.owner.stream(id);
    if (stream === undefined) {
      this.onStrayFrame(id, 'DATA');
      return;
    }
    if (!mayReceive(stream.state)) {
      this.owner.failStream(stream, ErrorCode.STREAM_CLOSED);
      return;
    }
    if (!stream.gotHeaders) {
      this.owner.failStream(stream, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    stream.receiveWindow -= flowBytes;
    if (stream.receiveWindow < 0) {
      this.owner.failStream(stream, ErrorCode.FLOW_CONTROL_ERROR);
      return;
    }
    if (stream.contentLeft >= 0) {
      stream.contentLeft -= end - start;
      if (stream.contentLeft < 0 || (endStream && stream.contentLeft !== 0)) {
        // RFC 9113 §8.1.1: the sum of the DATA payloads must be what content-length says.
        this.owner.failStream(stream, ErrorCode.PROTOCOL_ERROR);
        return;
      }
    }
    // Padding never reaches the handler, so its window is given back here.
    const padding = flowBytes - (end - start);
    if (padding > 0 && !endStream) this.consume(stream, padding);
    if (endStream) this.owner.remoteEnded(stream);
    stream.handler.onData(buf, start, end, endStream);
  }

  /** Gives the peer back so many bytes of the stream's window. */
  consume(stream: Stream, bytes: number): void {
    if (!mayReceive(stream.state)) return;
    stream.unannounced += bytes;
    // Half a window at a time: often enough that the peer never waits for us, seldom enough to cost little.
    if (stream.unannounced >= this.options.streamWindow >>> 1) {
      this.sender.writer.windowUpdate(stream.id, stream.unannounced);
      stream.receiveWindow += stream.unannounced;
      stream.unannounced = 0;
    }
  }

  onHeaderBlock(id: number, endStream: boolean, buf: Buffer, start: number, end: number, dependsOn: number): void {
    // Decoded always: the dynamic table must follow the peer's, whatever becomes of the stream (RFC 7541 §2.2).
    const list = this.decoder.decode(buf, start, end);
    const stream = this.owner.stream(id);
    if (list === oversizedList) this.owner.hit('headerListsOversized', 'a header list over the limits');
    if (stream === undefined) {
      this.owner.onUnknownStreamHeaders(id, endStream, list, dependsOn === id);
    } else if (!mayReceive(stream.state)) {
      this.owner.failStream(stream, ErrorCode.STREAM_CLOSED);
    } else if (dependsOn === id) {
      this.owner.failStream(stream, ErrorCode.PROTOCOL_ERROR);
    } else if (list === oversizedList) {
      this.owner.failStream(stream, ErrorCode.ENHANCE_YOUR_CALM);
    } else if (!stream.gotHeaders) {
      this.owner.onStreamHeaders(stream, list, endStream);
    } else if (!endStream || malformed(list, BlockKind.trailers) !== undefined || stream.contentLeft > 0) {
      this.owner.failStream(stream, ErrorCode.PROTOCOL_ERROR);
    } else {
      this.owner.remoteEnded(stream);
      stream.handler.onTrailers(list);
    }
  }

  onPriority(id: number, dependsOn: number): void {
    if (!this.owner.spend(Abuse.priority)) return;
    // Priorities are deprecated and ignored (RFC 9113 §5.3.2); a stream that depends on itself is still an error (RFC 7540 §5.3.1).
    if (dependsOn === id) this.onStreamError(id, ErrorCode.PROTOCOL_ERROR);
  }

  onStreamFrameSizeError(id: number): void {
    if (!this.owner.spend(Abuse.priority)) return;
    this.onStreamError(id, ErrorCode.FRAME_SIZE_ERROR);
  }

  private onStreamError(id: number, code: number): void {
    const stream = this.owner.stream(id);
    if (stream !== undefined) this.owner.failStream(stream, code);
    else if (this.owner.isIdle(id)) throw new Http2Error(code, `a bad PRIORITY frame on idle stream ${id}`);
  }

  onUnknownFrame(): void {
    this.owner.spend(Abuse.unknownFrame);
  }

  onRstStream(id: number, code: number): void {
    const stream = this.owner.stream(id);
    if (stream === undefined && this.owner.isIdle(id)) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `RST_STREAM on idle stream ${id}`);
    }
    // Those of a client for closed streams count too: it did open them. A server resets what we opened, and no more.
    if ((this.server || stream === undefined) && !this.owner.spend(Abuse.reset)) return;
    if (stream !== undefined) this.owner.remoteReset(stream, code);
  }

  onSettings(ack: boolean, buf: Buffer, start: number, end: number): void {
    if (ack) {
      if (this.settingsAcked) this.owner.spend(Abuse.unknownFrame);
      this.settingsAcked = true;
      this.decoder.settingsAcknowledged();
      return;
    }
    if (!this.owner.spend(Abuse.settings)) return;
    readSettings(buf, start, end, (id, value) => this.owner.onSetting(id, value));
    this.sender.writer.settingsAck();
    this.owner.onSettingsApplied();
  }

  onPing(ack: boolean, buf: Buffer, start: number): void {
    if (ack) {
      if (!this.owner.onPingAck(buf, start)) this.owner.spend(Abuse.unknownFrame);
    } else if (this.owner.spend(Abuse.ping)) this.sender.writer.ping(true, buf, start);
  }

  onGoaway(lastId: number, code: number, debug: string): void {
    if (this.owner.spend(Abuse.settings)) this.owner.onGoaway(lastId, code, debug);
  }

  onWindowUpdate(id: number, increment: number): void {
    if (!this.owner.spend(Abuse.windowUpdate)) return;
    if (id === 0) {
      if (increment === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE of 0');
      this.sender.openWindow(increment);
      return;
    }
    const stream = this.owner.stream(id);
    if (stream === undefined) {
      if (this.owner.isIdle(id)) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `WINDOW_UPDATE on idle stream ${id}`);
      return;
    }
    stream.heardFrom = true;
    if (increment === 0) this.owner.failStream(stream, ErrorCode.PROTOCOL_ERROR);
    else if (!this.sender.openStreamWindow(stream, increment)) {
      this.owner.failStream(stream, ErrorCode.FLOW_CONTROL_ERROR);
    }
  }
}
