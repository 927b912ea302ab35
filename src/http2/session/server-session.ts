import type { Duplex } from 'node:stream';
import { ErrorCode } from '../frame/error-code.js';
import { MAX_INT31 } from '../frame/head.js';
import { Http2Error } from '../frame/http2-error.js';
import { Setting } from '../frame/settings.js';
import { oversizedList } from '../hpack/decoder.js';
import type { HeaderList } from '../hpack/header-list.js';
import { BlockKind, malformed } from '../stream/header-rules.js';
import { NO_HANDLER, Stream } from '../stream/stream.js';
import { Abuse } from './abuse-budget.js';
import { Lifetime } from './lifetime.js';
import type { Limit } from './limit-counters.js';
import type { SessionContext, SessionOptions, SessionOwner } from './options.js';
import { sendPreface } from './preface.js';
import { Session } from './session.js';

/** What a server session tells its owner beyond {@link SessionOwner}. */
export interface ServerSessionOwner extends SessionOwner {
  /** A client opened a stream; the result hears everything that follows on it. */
  onStream(stream: Stream, headers: HeaderList, endStream: boolean): void;
  /** Request headers over the limits; the stream is answered by the owner (431 or a gRPC status). */
  onOversizedHeaders(stream: Stream): void;
}

/** The server's side of a connection: takes streams that clients open (odd ids, RFC 9113 §5.1.1). */
export class ServerSession extends Session {
  private readonly serverOwner: ServerSessionOwner;
  /** Highest stream id seen. */
  private lastId = 0;
  /** Streams above this are not taken any more: the last id of our final GOAWAY. */
  private lastAcceptedId = MAX_INT31;
  private draining = false;
  private readonly lifetime: Lifetime;
  /** The peer has overdrawn a budget once. */
  private warned = false;

  constructor(socket: Duplex, context: SessionContext, options: SessionOptions, owner: ServerSessionOwner) {
    super(socket, context, options, owner, true);
    this.serverOwner = owner;
    this.lifetime = new Lifetime(this, options, performance.now(), Math.random());
    sendPreface(this.writer, options, [Setting.MAX_CONCURRENT_STREAMS, options.maxConcurrentStreams]);
  }

  override isIdle(id: number): boolean {
    return id > this.lastId || (id & 1) === 0;
  }

  override onUnknownStreamHeaders(id: number, endStream: boolean, list: HeaderList, selfDependent: boolean): void {
    if ((id & 1) === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `a client opened even stream ${id}`);
    if (id <= this.lastId) {
      this.receiver.onStrayFrame(id, 'HEADERS');
      // Trailers may have been on their way when we reset the stream; request headers open one, and ids only grow (§5.1.1).
      if (list.get(':method') !== undefined) {
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `stream ${id} is opened after stream ${this.lastId}`);
      }
      return;
    }
    this.lastId = id;
    if (id > this.lastAcceptedId) {
      // On their way when we said GOAWAY, or from a client that does not care.
      this.spend(Abuse.refusal);
      return;
    }
    if (this.streams.size >= this.options.maxConcurrentStreams) {
      this.refuse(id, ErrorCode.REFUSED_STREAM);
      return;
    }
    if (list === oversizedList) {
      const stream = this.open(id, endStream);
      this.serverOwner.onOversizedHeaders(stream);
      return;
    }
    if (selfDependent || malformed(list, BlockKind.request) !== undefined || (endStream && list.contentLength > 0)) {
      this.refuse(id, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    const stream = this.open(id, endStream);
    stream.contentLeft = list.contentLength;
    this.serverOwner.onStream(stream, list, endStream);
  }

  private open(id: number, endStream: boolean): Stream {
    const stream = new Stream(this, id, NO_HANDLER, this.sender.initialWindow, this.receiver.initialWindow);
    stream.gotHeaders = true;
    this.streams.add(stream);
    if (endStream) this.remoteEnded(stream);
    return stream;
  }

  private refuse(id: number, code: number): void {
    this.writer.rstStream(id, code);
    if (code === ErrorCode.REFUSED_STREAM) {
      this.hit('streamsRefused', `more than ${this.options.maxConcurrentStreams} streams at a time`);
    }
    this.spend(code === ErrorCode.REFUSED_STREAM ? Abuse.refusal : Abuse.fault);
  }

  /**
   * First a soft GOAWAY: no new streams, those in flight may end, and an honest client dials anew. A peer that goes on
   * overdrawing is closed hard.
   */
  protected override onBudgetSpent(limit: Limit): void {
    if (this.warned) {
      super.onBudgetSpent(limit);
      return;
    }
    this.warned = true;
    this.draining = true;
    this.stopAccepting(ErrorCode.ENHANCE_YOUR_CALM, `too many: ${limit}`);
  }

  override onStreamHeaders(): void {
    // Unreachable: a server's streams begin with their headers (`gotHeaders` is set when they are opened).
  }

  override onGoaway(_lastId: number, code: number, debug: string): void {
    this.serverOwner.onGoaway(code, debug);
  }

  /**
   * Sends the client away gracefully, in two steps (RFC 9113 §6.8): first a GOAWAY that refuses nothing, so that streams
   * already on their way are still served; one round trip later the real last id. Then the connection closes with its last
   * stream.
   */
  drain(): void {
    if (this.draining || this.closed) return;
    this.draining = true;
    this.lifetime.drainBegins(performance.now());
    this.writer.goaway(MAX_INT31, ErrorCode.NO_ERROR, 'draining');
    this.pinger.send(() => this.finishDrain());
  }

  /** The second step, once; what was on its way when the first went out is here. @internal used by Lifetime */
  finishDrain(): void {
    if (this.closed || !this.draining || this.lastAcceptedId !== MAX_INT31) return;
    this.stopAccepting(ErrorCode.NO_ERROR, 'draining');
  }

  /** The last id once said is never raised (RFC 9113 §6.8): the client sends what is above it elsewhere. */
  private stopAccepting(code: number, why: string): void {
    this.lastAcceptedId = this.lastPeerStreamId();
    this.writer.goaway(this.lastAcceptedId, code, why);
    this.closeWhenDrained();
  }

  protected override get drained(): boolean {
    return this.draining && this.lastAcceptedId !== MAX_INT31 && this.streams.size === 0;
  }

  override sweep(now: number): void {
    super.sweep(now);
    if (!this.closed) this.lifetime.look(now);
  }

  /** @internal used by Lifetime */
  get newestId(): number {
    return this.lastId;
  }

  protected override onStreamClosed(): void {
    this.closeWhenDrained();
  }

  protected override lastPeerStreamId(): number {
    return Math.min(this.lastId, this.lastAcceptedId);
  }
}
