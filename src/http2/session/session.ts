import type { Duplex } from 'node:stream';
import type { FrameWriter } from '../codec/frame-writer.js';
import { ErrorCode, errorCodeName } from '../frame/error-code.js';
import { Setting } from '../frame/settings.js';
import type { HeaderList } from '../hpack/header-list.js';
import { ResetCause, type Stream } from '../stream/stream.js';
import { afterLocalEnd, afterRemoteEnd, StreamState } from '../stream/stream-state.js';
import { Abuse, AbuseBudget, abuseLimit, HonestTraffic } from './abuse-budget.js';
import { connectionError } from './connection-error.js';
import { Keepalive } from './keepalive.js';
import type { Limit } from './limit-counters.js';
import { LimitReport } from './limit-report.js';
import type { SessionContext, SessionOptions, SessionOwner } from './options.js';
import { PeerEnded } from './peer-ended.js';
import { Pinger } from './pinger.js';
import { Receiver, type ReceiverOwner } from './receiver.js';
import { Sender, type SenderOwner } from './sender.js';
import { SlowPeerWatch } from './slow-peer-watch.js';
import { StreamTable } from './stream-table.js';

/**
 * One HTTP/2 connection (RFC 9113), the part that both sides have in common: its table of streams, its settings, the peer's
 * budget, and its end. What comes in is in {@link Receiver}, what goes out in {@link Sender}; {@link ServerSession} and
 * {@link ClientSession} add who may open streams.
 */
export abstract class Session implements ReceiverOwner, SenderOwner {
  readonly socket: Duplex;
  protected readonly options: SessionOptions;
  protected readonly owner: SessionOwner;
  /** @internal used by Stream */
  readonly sender: Sender;
  protected readonly writer: FrameWriter;
  protected readonly receiver: Receiver;
  protected readonly streams = new StreamTable();
  private readonly budget: AbuseBudget;
  private readonly traffic = new HonestTraffic();
  protected readonly limits: LimitReport;
  private readonly server: boolean;

  /** How many streams the peer takes at a time. */
  protected peerMaxConcurrentStreams = Number.POSITIVE_INFINITY;

  private readonly peerEnded = new PeerEnded();
  protected readonly pinger: Pinger;
  private readonly keepalive: Keepalive;
  private ready = false;
  protected closed = false;
  /** In the middle of a chunk or a sweep: a stream may have left the table whose handler is told next. */
  private busy = false;
  private closeReason = 'closed by the peer';
  private readonly watch: SlowPeerWatch;

  constructor(socket: Duplex, context: SessionContext, options: SessionOptions, owner: SessionOwner, server: boolean) {
    this.socket = socket;
    this.options = options;
    this.owner = owner;
    this.server = server;
    this.limits = new LimitReport(options.counters, owner);
    this.sender = new Sender(socket, context, options, this.traffic, this);
    this.writer = this.sender.writer;
    this.pinger = new Pinger(this.writer);
    this.keepalive = new Keepalive(this, options, this.pinger);
    this.receiver = new Receiver(this, context, options, this.sender, server);
    this.budget = new AbuseBudget(options, this.traffic, () => performance.now());
    this.watch = new SlowPeerWatch(this, this.receiver, this.writer, options, performance.now());
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

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private receive(chunk: Buffer): void {
    if (this.closed) return;
    this.keepalive.heard = true;
    this.busy = true;
    try {
      this.receiver.push(chunk);
    } catch (error) {
      const { limit, code, message } = connectionError(error);
      this.failFor(limit, code, message);
    }
    this.busy = false;
    this.closeWhenDrained();
  }

  stream(id: number): Stream | undefined {
    return this.streams.get(id);
  }

  wasEndedByPeer(id: number): boolean {
    return this.peerEnded.has(id);
  }

  abstract isIdle(id: number): boolean;
  abstract onUnknownStreamHeaders(id: number, endStream: boolean, list: HeaderList, selfDependent: boolean): void;
  abstract onStreamHeaders(stream: Stream, list: HeaderList, endStream: boolean): void;
  abstract onGoaway(lastId: number, code: number, debug: string): void;

  /** Takes a token from the peer's budget, and acts when there is none. False: the connection is being closed. */
  spend(kind: Abuse): boolean {
    if (this.closed) return false;
    if (this.budget.spend(kind)) return true;
    const limit = abuseLimit[kind]!;
    this.limits.hit(limit, 'more than the budget of frames over time');
    this.budget.pardon(kind);
    this.onBudgetSpent(limit);
    return !this.closed;
  }

  /** The peer has overdrawn a budget; it has been counted. */
  protected onBudgetSpent(limit: Limit): void {
    this.fail(ErrorCode.ENHANCE_YOUR_CALM, `too many: ${limit}`);
  }

  onSetting(id: number, value: number): void {
    if (id === Setting.MAX_CONCURRENT_STREAMS) {
      this.peerMaxConcurrentStreams = value;
      this.onPeerStreamLimit();
    } else this.sender.setting(id, value, this.streams);
  }

  onSettingsApplied(): void {
    if (!this.ready) {
      this.ready = true;
      this.owner.onReady();
    }
    this.sender.pump();
  }

  /** The peer changed how many streams it takes. */
  protected onPeerStreamLimit(): void {}

  onPingAck(buf: Buffer, start: number): boolean {
    return this.pinger.answered(buf, start);
  }

  /** Counts a limit that the peer has met. */
  hit(limit: Limit, detail: string): void {
    this.limits.hit(limit, detail);
  }

  /** Round trip of the last PING, in ms; -1 before the first answer. */
  get rttMs(): number {
    return this.pinger.rttMs;
  }

  // ── called by Stream ────────────────────────────────────────────────────────────────────────────────────────────────

  resetStream(stream: Stream, code: number): void {
    this.resetNow(stream, code);
  }

  resetNow(stream: Stream, code: number): void {
    if (stream.state === StreamState.CLOSED) return;
    this.writer.rstStream(stream.id, code);
    this.remove(stream);
  }

  consume(stream: Stream, bytes: number): void {
    this.receiver.consume(stream, bytes);
  }

  // ── the table of streams ───────────────────────────────────────────────────────────────────────────────────────────

  /** Our side has sent END_STREAM. */
  localEnded(stream: Stream): void {
    stream.state = afterLocalEnd(stream.state);
    if (stream.state === StreamState.CLOSED) this.remove(stream);
  }

  remoteEnded(stream: Stream): void {
    this.peerEnded.add(stream.id);
    stream.state = afterRemoteEnd(stream.state);
    if (stream.state === StreamState.CLOSED) this.remove(stream);
  }

  remoteReset(stream: Stream, code: number): void {
    this.peerEnded.add(stream.id);
    this.remove(stream);
    stream.handler.onReset(code, code === ErrorCode.REFUSED_STREAM ? ResetCause.refused : ResetCause.peer);
  }

  failStream(stream: Stream, code: number): void {
    this.resetNow(stream, code);
    stream.handler.onReset(code, ResetCause.protocol);
    // A server can make us reset no more streams than we opened: it fails those, and the others on the connection go on.
    if (this.server) this.spend(Abuse.fault);
  }

  protected remove(stream: Stream): void {
    // Whoever answers has ended its side: what becomes of the rest, a reset say, undoes no work.
    if ((stream.state & (this.server ? StreamState.HALF_LOCAL : StreamState.HALF_REMOTE)) !== 0) {
      this.traffic.streamsAnswered++;
    }
    stream.state = StreamState.CLOSED;
    stream.queue.clear();
    this.streams.delete(stream);
    this.onStreamClosed(stream);
  }

  /** A stream left the table. */
  protected onStreamClosed(_stream: Stream): void {}

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** No stream is left and none will come. */
  protected abstract get drained(): boolean;

  /** Closes the connection with its last stream, whose handler has been told by then: `onClose` comes after everything. */
  protected closeWhenDrained(): void {
    if (!this.busy && this.drained) this.close('drained');
  }

  /** Highest id of a stream the peer opened and we took, for GOAWAY. */
  protected abstract lastPeerStreamId(): number;

  /** Like {@link fail}, counted. @internal used by SlowPeerWatch */
  failFor(limit: Limit, code: number, message: string): void {
    this.limits.hit(limit, message);
    this.fail(code, message);
  }

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

  /** The peer does not read: there is no use in a GOAWAY, and what waits is thrown away. */
  onOutputOverflow(): void {
    if (this.closed) return;
    this.dropUnread('outputBytes', `the peer does not read: over ${this.options.maxOutputBytes} bytes wait for it`);
  }

  /** Ends a connection whose peer does not read. */
  dropUnread(limit: Limit, reason: string): void {
    this.limits.hit(limit, reason);
    this.closeReason = reason;
    this.socket.destroy();
    this.onSocketClose();
  }

  /** Ends what takes too long. To be called about once a second. @param now ms, of performance.now() */
  sweep(now: number): void {
    if (this.closed) return;
    this.busy = true;
    this.watch.look(now);
    if (!this.closed) this.keepalive.look(now);
    this.busy = false;
    this.closeWhenDrained();
  }

  /** A list of the streams that are open now. @internal used by SlowPeerWatch and Lifetime */
  get openStreams(): readonly Stream[] {
    return this.streams.all();
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

  /** The connection is gone and every stream has been told. */
  protected onClosed(): void {}

  private onSocketClose(): void {
    if (this.closed) return;
    this.closed = true;
    this.receiver.stop();
    this.sender.close();
    const streams = this.streams.all();
    this.streams.clear();
    for (const stream of streams) {
      stream.state = StreamState.CLOSED;
      stream.queue.clear();
      stream.handler.onReset(ErrorCode.CONNECT_ERROR, ResetCause.connection);
    }
    this.onClosed();
    this.owner.onClose(this.closeReason);
  }
}
