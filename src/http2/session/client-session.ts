import type { Duplex } from 'node:stream';
import { ErrorCode } from '../frame/error-code.js';
import { CLIENT_PREFACE } from '../frame/head.js';
import { Http2Error } from '../frame/http2-error.js';
import { Setting } from '../frame/settings.js';
import type { HeaderField } from '../hpack/header-field.js';
import type { HeaderList } from '../hpack/header-list.js';
import { BlockKind, malformed } from '../stream/header-rules.js';
import { NO_HANDLER, ResetCause, Stream, type StreamHandler } from '../stream/stream.js';
import { mayReceive, StreamState } from '../stream/stream-state.js';
import { Abuse } from './abuse-budget.js';
import type { SessionContext, SessionOptions, SessionOwner } from './options.js';
import { sendPreface } from './preface.js';
import { ResetPacer } from './reset-pacer.js';
import { Session } from './session.js';

/** What a client session tells its owner beyond {@link SessionOwner}. */
export interface ClientSessionOwner extends SessionOwner {
  /** A stream can be opened again after {@link ClientSession.canOpen} was false because of the peer's limit. */
  onStreamSlot(): void;
}

const NO_BYTES = Buffer.alloc(0);

/** Above this id a connection is retired: ids cannot be used twice (RFC 9113 §5.1.1), and 2^31 come within hours under load. */
const LAST_USABLE_ID = 0x7ffffff0;

/** The client's side of a connection: opens streams (odd ids). */
export class ClientSession extends Session {
  private readonly clientOwner: ClientSessionOwner;
  private nextId = 1;
  private goneAway = false;
  private atLimit = false;
  private readonly pacer: ResetPacer;

  constructor(socket: Duplex, context: SessionContext, options: SessionOptions, owner: ClientSessionOwner) {
    super(socket, context, options, owner, false);
    this.clientOwner = owner;
    this.pacer = new ResetPacer(options.sentResetsPerSecond, this);
    this.writer.raw(CLIENT_PREFACE);
    sendPreface(this.writer, options, [Setting.ENABLE_PUSH, 0]);
  }

  /** True when {@link open} may be called now. When it is false only because of the peer's limit, `onStreamSlot` follows. */
  get canOpen(): boolean {
    if (this.closed || this.goneAway) return false;
    if (this.streams.size < this.peerMaxConcurrentStreams) return true;
    this.atLimit = true;
    return false;
  }

  /** True when the connection takes no new streams for good: GOAWAY received or ids used up. */
  get retired(): boolean {
    return this.goneAway || this.nextId >= LAST_USABLE_ID || this.closed;
  }

  /**
   * Opens a stream with these request headers, `extra` being one more field at the end.
   * The caller has checked {@link canOpen} and {@link retired}.
   */
  open(handler: StreamHandler, list: HeaderList, extra: HeaderField | undefined, endStream: boolean): Stream {
    const id = this.nextId;
    this.nextId += 2;
    const stream = new Stream(this, id, handler, this.sender.initialWindow, this.receiver.initialWindow);
    this.streams.add(stream);
    this.sender.headers(stream, list, extra, endStream);
    return stream;
  }

  override isIdle(id: number): boolean {
    return id >= this.nextId || (id & 1) === 0;
  }

  override onUnknownStreamHeaders(id: number): void {
    if (this.isIdle(id)) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `HEADERS on idle stream ${id}`);
    this.receiver.onStrayFrame(id, 'HEADERS');
  }

  override onStreamHeaders(stream: Stream, list: HeaderList, endStream: boolean): void {
    stream.heardFrom = true;
    if (malformed(list, BlockKind.response) !== undefined) {
      this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    if (list.fields[0]!.value.charCodeAt(0) === 49 /* 1xx */) {
      // Interim responses say nothing to a gRPC call; one that ends the stream is malformed (RFC 9113 §8.1).
      if (endStream) this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
      else this.spend(Abuse.interim);
      return;
    }
    if (endStream && list.contentLength > 0) {
      // RFC 9113 §8.1.1: no body, and content-length says there is one. (There is no HEAD here.)
      this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    stream.gotHeaders = true;
    stream.contentLeft = list.contentLength;
    if (endStream) this.remoteEnded(stream);
    stream.handler.onHeaders(list, endStream);
  }

  override onSetting(id: number, value: number): void {
    // No server may switch push on (RFC 9113 §6.5.2).
    if (id === Setting.ENABLE_PUSH && value !== 0) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'the server sent SETTINGS_ENABLE_PUSH 1');
    }
    super.onSetting(id, value);
  }

  override onGoaway(lastId: number, code: number, debug: string): void {
    this.goneAway = true;
    // The owner first: it dials anew, so that what is refused below has somewhere to go.
    this.clientOwner.onGoaway(code, debug);
    for (const stream of this.streams.all()) {
      if (stream.id <= lastId || !stream.open) continue;
      this.drop(stream);
      stream.handler.onReset(ErrorCode.REFUSED_STREAM, ResetCause.refused);
    }
    this.closeWhenDrained();
  }

  /** An end that we want. A reset is paced; until it goes out nobody hears of the stream any more. */
  override resetStream(stream: Stream, code: number): void {
    if (!stream.open) return;
    if (!mayReceive(stream.state)) {
      // Answered before it had all of the request: our END_STREAM closes it as well, and no server counts that against us.
      stream.queue.clear();
      stream.handler = NO_HANDLER;
      stream.sendData(NO_BYTES, 0, 0, true);
      return;
    }
    if (this.pacer.mayReset(stream, code)) {
      this.resetNow(stream, code);
      return;
    }
    stream.queue.clear();
    stream.handler = NO_HANDLER;
  }

  /** Takes a stream out of the table without closing the connection when it was the last: its owner is told first. */
  private drop(stream: Stream): void {
    stream.state = StreamState.CLOSED;
    stream.queue.clear();
    this.streams.delete(stream);
    this.pacer.forget(stream);
  }

  /** Takes no new streams; the connection closes with its last one. */
  drain(): void {
    this.goneAway = true;
    this.closeWhenDrained();
  }

  protected override onClosed(): void {
    this.pacer.close();
  }

  protected override get drained(): boolean {
    return this.goneAway && this.streams.size === 0;
  }

  protected override onStreamClosed(stream: Stream): void {
    this.pacer.forget(stream);
    this.closeWhenDrained();
    this.offerSlot();
  }

  protected override onPeerStreamLimit(): void {
    this.offerSlot();
  }

  private offerSlot(): void {
    if (!this.atLimit || this.streams.size >= this.peerMaxConcurrentStreams) return;
    this.atLimit = false;
    this.clientOwner.onStreamSlot();
  }

  protected override lastPeerStreamId(): number {
    return 0;
  }
}
