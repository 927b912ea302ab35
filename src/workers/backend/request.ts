import { MessageBoundary } from '../../grpc/message-boundary.js';
import { RpcError } from '../../grpc/rpc-error.js';
import type { Status } from '../../grpc/status-code.js';
import { withoutResponseHead } from '../../grpc/trailers-only.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { RequestSnapshot } from '../../port/control-messages.js';
import type { Connection } from '../southbound/connection.js';
import { ReplicaStream } from '../southbound/replica-stream.js';
import type { Backend } from './backend.js';
import { countAnswers, countEndedLeg } from './backend-counters.js';
import { Backlog } from './backlog.js';
import { LegTimes } from './leg-times.js';
import { allAccepted, forgetLost, hasLegOn, slowestTaken } from './legs.js';
import type { MethodKind } from './method-kind.js';
import { chooseRule } from './responses/choose-rule.js';
import { Merged } from './responses/merged.js';
import type { ResponseRule } from './responses/response-rule.js';

/** What the replica says when another one has the transaction (behaviour.md, "Responses"). */
const NOT_ACQUIRED = 'transaction-not-acquired';

/**
 * One call on one backend: the client's request bytes go out on every leg, the replicas' answers come together in the
 * response rule, and window goes back to the client when the slowest live replica has taken the bytes.
 *
 *     running ──(answer complete, or failed)──▶ answered ──(last leg ended, or grace over)──▶ gone
 *        └──────(client cancelled)──▶ gone
 */
export class Request {
  readonly slot: number;
  readonly generation: number;
  readonly backend: Backend;
  readonly kind: MethodKind;
  private readonly headers: HeaderList;
  private readonly extra: HeaderField | undefined;
  readonly rule: ResponseRule;
  readonly legs: ReplicaStream[] = [];
  /** Legs that can still answer. */
  openLegs = 0;
  headersSent = false;
  /** True until the client has its answer or is gone. */
  running = true;
  /** The client has sent all of its request. */
  private halfClosed: boolean;
  /** Request bytes received from the client. */
  private received = 0;
  /** Request bytes for which the client has its window back. */
  private credited = 0;
  /** Replicas that come late join it. */
  private readonly replicated: boolean;
  /** All request bytes so far. */
  private backlog: Backlog | null = null;
  /** False once no leg can need the request again: every replica has taken it on, and none comes late. */
  private keeps = true;
  /** Follows the messages of a request stream, so that a late replica joins between two of them. */
  private readonly boundary: MessageBoundary | null;
  /** Connections that wait for the next message to begin. */
  private joining: Connection[] | null = null;
  private readonly openedMs: number;
  /** True once the client had an answer to the end. */
  private settled = false;
  /** Set where main wants to know how the legs came out. */
  private readonly times: LegTimes | null;

  constructor(
    slot: number,
    generation: number,
    backend: Backend,
    kind: MethodKind,
    headers: HeaderList,
    extra: HeaderField | undefined,
    halfClosed: boolean,
    replicated: boolean,
    report: boolean,
  ) {
    this.slot = slot;
    this.generation = generation;
    this.backend = backend;
    this.kind = kind;
    this.headers = headers;
    this.extra = extra;
    this.halfClosed = halfClosed;
    this.openedMs = backend.context.turn.nowMs();
    this.times = report ? new LegTimes(this) : null;
    this.rule = chooseRule(this, kind, replicated);
    this.replicated = replicated;
    this.boundary = replicated && kind.requestStream ? new MessageBoundary(0xffffffff, 'the client') : null;
  }

  /** Replicas that come late are sent the request from its beginning; they join a request stream from the next message on. */
  private get late(): boolean {
    return this.replicated && !this.kind.requestStream;
  }

  // ── from the client (through the port) ─────────────────────────────────────────────────────────────────────────────

  onData(buf: Buffer, start: number, end: number, last: boolean): void {
    this.received += end - start;
    if (last) this.halfClosed = true;
    if (this.keeps) this.keep(buf, start, end);
    if (this.boundary !== null) {
      const boundary = this.boundary.feed(buf, start, end);
      if (boundary instanceof RpcError) {
        this.cancelLegs();
        this.fail(boundary.code, boundary.message);
        return;
      }
      if (this.joining !== null && boundary >= 0) {
        // The next message may begin inside this range: it is cut there, and late replicas get the second part only.
        this.sendToLegs(buf, start, boundary, last && boundary === end);
        this.joinNow(this.received - (end - boundary));
        if (boundary < end) this.sendToLegs(buf, boundary, end, last);
        return;
      }
    }
    this.sendToLegs(buf, start, end, last);
  }

  private keep(buf: Buffer, start: number, end: number): void {
    const { counters, context } = this.backend;
    if (this.backlog === null) this.backlog = new Backlog(context.settings.replayLimit, context.replay);
    else if (this.tidy()) return;
    if (!this.backlog.add(buf, start, end)) counters.replayOverflows++;
  }

  /** @internal called by Backend too, when the request is over and no leg is left. */
  dropBacklog(): void {
    this.backlog?.release();
    this.backlog = null;
  }

  /** Lets go of request bytes that are kept and not needed: true; or of the batch they lie in. To be called now and then. */
  tidy(): boolean {
    if (this.late || !allAccepted(this.legs)) {
      this.backlog?.settle();
      return false;
    }
    this.keeps = false;
    this.dropBacklog();
    return true;
  }

  private sendToLegs(buf: Buffer, start: number, end: number, last: boolean): void {
    const { legs } = this;
    for (let i = 0; i < legs.length; i++) legs[i]!.send(buf, start, end, last);
  }

  onCredit(bytes: number): void {
    this.rule.onCredit(bytes);
  }

  /** The client is gone or the call was given up. */
  onCancel(): void {
    this.running = false;
    countAnswers(this.backend.counters, this.legs, null, false);
    this.times?.report(null, true);
    this.cancelLegs();
    this.backend.forget(this);
  }

  private cancelLegs(): void {
    for (const leg of this.legs) leg.cancel();
  }

  // ── legs ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Opens a leg for a call that has just begun: no request bytes have come yet. */
  addLeg(connection: Connection): void {
    this.openLeg(connection, 0, this.halfClosed);
  }

  private openLeg(connection: Connection, taken: number, endStream: boolean): ReplicaStream {
    const leg = new ReplicaStream(this, connection, taken);
    this.legs.push(leg);
    this.openLegs++;
    this.times?.opened();
    connection.open(leg, this.headers, this.extra, endStream);
    return leg;
  }

  /**
   * A connection became ready while the request is in progress: gives it a leg, unless it has one that lives or has
   * spoken. A leg that was lost counts as none: its replica missed the call. Returns true when a leg was opened.
   */
  catchUp(connection: Connection): boolean {
    if (!this.running || !this.replicated || hasLegOn(this.legs, connection)) return false;
    forgetLost(this.legs, connection);
    if (this.late) {
      if (!this.hasAllFrom(0)) {
        this.backend.counters.catchUpsRefused++;
        return false;
      }
      this.replayTo(this.openLeg(connection, 0, this.halfClosed && this.received === 0));
      return true;
    }
    if (this.boundary!.between) {
      this.openLeg(connection, this.received, this.halfClosed);
    } else {
      this.joining ??= [];
      if (!this.joining.includes(connection)) this.joining.push(connection);
    }
    return true;
  }

  /**
   * The replica of `leg` did not process it (RFC 9113 §8.7): sends it again on its connection, which may be this session or
   * the next. False when it cannot be: the connection is gone, or not all of the request is kept.
   */
  resend(leg: ReplicaStream): boolean {
    if (!leg.connection.takesBack || !this.hasAllFrom(leg.from)) return false;
    this.backend.counters.legsResent++;
    leg.connection.open(leg, this.headers, this.extra, this.halfClosed && this.received === leg.from);
    this.replayTo(leg);
    return true;
  }

  private hasAllFrom(from: number): boolean {
    return this.received === from || this.backlog?.bytes === this.received;
  }

  /** Sends what has come so far to a leg that has just been opened. */
  private replayTo(leg: ReplicaStream): void {
    this.backlog?.replayTo(leg, leg.from, this.halfClosed);
  }

  private joinNow(taken: number): void {
    const joining = this.joining!;
    this.joining = null;
    for (const connection of joining) {
      if (connection.takesLegs) this.openLeg(connection, taken, this.halfClosed && taken === this.received);
    }
  }

  /** A replica took request bytes: the client gets window for what every live replica has taken. */
  legTook(): void {
    if (this.halfClosed || !this.running) return;
    const slowest = slowestTaken(this.legs, this.received);
    const due = slowest - this.credited;
    if (due < this.backend.context.creditStep) return;
    this.credited = slowest;
    this.backend.context.port.credit(this.slot, this.generation, due);
  }

  /** A leg's end is known; the response rule hears of it next. */
  legEnded(leg: ReplicaStream): void {
    this.openLegs--;
    this.times?.ended(leg);
    countEndedLeg(this.backend.counters, leg, this.settled);
    // The slowest may have been this one.
    this.legTook();
    if (!this.running && this.openLegs === 0) this.dropBacklog();
  }

  isDecline(list: HeaderList): boolean {
    return this.backend.replicated && list.get('grpc-status') === '1' && list.get('grpc-message') === NOT_ACQUIRED;
  }

  /** How it stands, for who asks from outside. */
  snapshot(): RequestSnapshot {
    return { receivedBytes: this.received, legs: this.legs.map((leg) => leg.snapshot()) };
  }

  // ── to the client (called by the response rule) ────────────────────────────────────────────────────────────────────

  forwardHeaders(leg: ReplicaStream, list: HeaderList): void {
    if (!this.running) return;
    this.headersSent = true;
    this.backend.context.port.headers(this.slot, this.generation, leg.connection.index, list);
  }

  forwardData(buf: Uint8Array, start: number, end: number): void {
    if (this.running) this.backend.context.port.data(this.slot, this.generation, buf, start, end, false);
  }

  /** The answer is complete. `trailersOnly`: the list holds the response's head as well. */
  forwardTrailers(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void {
    if (!this.running) return;
    if (trailersOnly && this.headersSent) {
      list = withoutResponseHead(list);
      trailersOnly = false;
    } else if (!trailersOnly && !this.headersSent) {
      this.forwardHeaders(leg, leg.held.headers!);
    }
    this.times?.report(leg, false);
    const { index } = leg.connection;
    this.backend.context.port.trailers(this.slot, this.generation, index, this.durationMs, list, trailersOnly);
    this.answered(leg);
  }

  /** The call failed; the message names the backend. */
  fail(status: Status, reason: string): void {
    if (!this.running) return;
    const { cluster, name, context } = this.backend;
    const message = `backend ${name} of cluster ${cluster}: ${reason}`;
    this.times?.report(null, false);
    context.port.fail(this.slot, this.generation, status, this.durationMs, message);
    this.answered(null);
  }

  /** Since it was opened. */
  get durationMs(): number {
    return this.backend.context.turn.nowMs() - this.openedMs;
  }

  /** Bytes kept to be sent again. */
  get backlogBytes(): number {
    return this.backlog?.bytes ?? 0;
  }

  /** The client has what it gets. The other replicas may finish within the grace period. */
  private answered(taken: ReplicaStream | null): void {
    this.running = false;
    countAnswers(this.backend.counters, this.legs, taken, this.rule instanceof Merged);
    this.settled = true;
    if (this.openLegs > 0) this.backend.linger(this.legs);
    this.backend.forget(this);
  }
}
