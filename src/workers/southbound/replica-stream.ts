import { httpFailure } from '../../grpc/http-status.js';
import { MessageBoundary } from '../../grpc/message-boundary.js';
import { resetStatus } from '../../grpc/reset-status.js';
import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import { ErrorCode, errorCodeName } from '../../http2/frame/error-code.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { ClientSession } from '../../http2/session/client-session.js';
import { SendQueue } from '../../http2/stream/send-queue.js';
import { ResetCause, type Stream, type StreamHandler } from '../../http2/stream/stream.js';
import type { LegSnapshot } from '../../port/control-messages.js';
import type { Request } from '../backend/request.js';
import { HeldAnswer } from '../backend/responses/held-answer.js';
import type { Connection } from './connection.js';

/** How a leg stands: whether its replica can still answer, and if not, what it said. */
export type LegState =
  /** The replica can still answer. */
  | 'open'
  /** It gave its trailers. */
  | 'answered'
  /** It said `transaction-not-acquired`. */
  | 'declined'
  /** Lost: connection gone, stream reset, answer malformed. */
  | 'lost'
  /** We ended it: cancelled, dropped as too slow, or its answer is not wanted any more. */
  | 'cancelled';

/**
 * One leg of a request: its stream on one connection. It passes what the replica says to the request's response rule, and
 * counts how much of the request the replica has taken.
 */
export class ReplicaStream implements StreamHandler {
  readonly request: Request;
  readonly connection: Connection;
  /** The connection's epoch when it was opened. */
  epoch: number;
  /** How far into the request body it begins, in bytes: a late one may join a stream in its middle. */
  readonly from: number;
  state: LegState = 'open';
  /** How far the replica has taken the request body, in bytes from its beginning. */
  taken: number;
  /** Bytes of its answer so far. */
  private answerBytes = 0;
  /** `taken` at the last look of the stall watch, and since when it has not moved (ms, 0 = it moves). */
  watchedTaken = 0;
  stalledSince = 0;
  /** Follows the messages of the answer: no rule may take half a message for a whole one, or one over the limit at all. */
  private readonly boundary: MessageBoundary;
  /** The leg's answer while it is held back. */
  readonly held = new HeldAnswer();
  /** Why it was lost, for the client's message, and the gRPC status that says so. */
  lostReason = '';
  lostStatus: Status = Status.UNAVAILABLE;
  private stream: Stream | null = null;
  /** While it stands in its connection's line: what to send when it is let in. */
  private waiting: { headers: HeaderList; extra: HeaderField | undefined; endStream: boolean; body: SendQueue } | null =
    null;
  /** @internal its place in that line; set by WaitingLine */
  place = -1;
  /** Times its replica said that it had not processed it. */
  private refusals = 0;
  /** See {@link GracePeriods}; 0 = its answer may still be wanted. */
  graceEndsAt = 0;
  gracePlace = -1;

  /** @param from how far into the request body it begins, in bytes */
  constructor(request: Request, connection: Connection, from: number) {
    this.request = request;
    this.connection = connection;
    this.epoch = connection.epoch;
    this.from = from;
    this.taken = from;
    const { maxMessageBytes } = request.backend.context.settings;
    this.boundary = new MessageBoundary(maxMessageBytes, connection.label);
  }

  /** True while the answer's bytes so far are whole messages. */
  get betweenMessages(): boolean {
    return this.boundary.between;
  }

  // ── opening (called by Connection) ─────────────────────────────────────────────────────────────────────────────────

  attach(stream: Stream): void {
    this.stream = stream;
    this.epoch = this.connection.epoch;
  }

  wait(headers: HeaderList, extra: HeaderField | undefined, endStream: boolean): void {
    this.waiting = { headers, extra, endStream, body: new SendQueue() };
  }

  /** True while it stands in its connection's line and nothing of it has been sent. */
  get isWaiting(): boolean {
    return this.waiting !== null;
  }

  /** True once the replica has taken the call on: it can no longer say that it did not process it. */
  get isAccepted(): boolean {
    return this.state !== 'open' || this.stream?.heardFrom === true;
  }

  /** It is let in. */
  admit(session: ClientSession): void {
    const { headers, extra, endStream, body } = this.waiting!;
    this.waiting = null;
    const stream = session.open(this, headers, extra, endStream);
    this.attach(stream);
    while (body.bytes > 0) {
      const { buf, start, end } = body.front();
      body.advance(end - start);
      stream.sendData(buf, start, end, body.bytes === 0 && body.endStream);
    }
    if (body.endStream && stream.open) stream.sendData(NOTHING, 0, 0, true);
  }

  /** It will not be let in. */
  turnedAway(why: string): void {
    this.waiting = null;
    this.lose(`connection ${this.connection.name} ${why}`, Status.UNAVAILABLE);
  }

  /** Its replica did not process it (RFC 9113 §8.7): sends it again, if that can be done. */
  private refused(): boolean {
    if (this.stream?.heardFrom !== false || ++this.refusals > MAX_RESENDS) return false;
    this.stream = null;
    this.taken = this.from;
    return this.request.resend(this);
  }

  // ── the request's side ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends a range of the request body; `last` half-closes after it. */
  send(buf: Uint8Array, start: number, end: number, last: boolean): void {
    if (this.state !== 'open') return;
    if (this.stream !== null) {
      this.stream.sendData(buf, start, end, last);
    } else if (this.waiting !== null) {
      this.waiting.body.push(buf, start, end);
      this.waiting.body.endStream = last;
    }
  }

  /** Request bytes accepted and not yet taken by the replica's windows. */
  get queuedBytes(): number {
    return this.stream?.queuedBytes ?? this.waiting?.body.bytes ?? 0;
  }

  /** How it stands, for who asks from outside. */
  snapshot(): LegSnapshot {
    const state = this.waiting === null ? this.state : 'waiting';
    return { connection: this.connection.index, state, takenBytes: this.taken, answerBytes: this.answerBytes };
  }

  /** Gives the replica so many bytes of its window back. */
  consume(bytes: number): void {
    if (bytes > 0) this.stream?.consume(bytes);
  }

  /** Ends it from our side. */
  cancel(): void {
    if (this.state !== 'open') return;
    this.end('cancelled');
  }

  /** Its answer is not wanted; it may finish its work until `endsAt`, ms of performance.now(). */
  finishUntil(endsAt: number): void {
    if (this.state !== 'open' || this.graceEndsAt !== 0) return;
    this.graceEndsAt = endsAt;
    this.request.backend.grace.add(this);
  }

  /** Its answer cannot be used: it counts as lost. */
  reject(error: RpcError): void {
    this.lose(error.message, error.code);
  }

  /** It holds the others up: it counts as lost. */
  drop(reason: string): void {
    this.lose(reason, Status.UNAVAILABLE);
  }

  /** What ended it is known: records it, frees what it held and leaves the connection. */
  private end(state: Exclude<LegState, 'open'>): void {
    this.state = state;
    if (this.graceEndsAt !== 0) this.request.backend.grace.delete(this);
    if (this.waiting !== null) {
      this.waiting = null;
      this.connection.abandon(this);
    }
    const { stream } = this;
    this.stream = null;
    // A replica that answered before it had the whole request needs no more of it (RFC 9113 §8.1).
    if (stream?.open === true) stream.reset(ErrorCode.CANCEL);
    this.request.legEnded(this);
  }

  private lose(reason: string, status: Status): void {
    if (this.state !== 'open') return;
    this.lostReason = reason;
    this.lostStatus = status;
    this.end('lost');
    this.request.rule.onLost(this);
  }

  // ── the replica's side (StreamHandler) ─────────────────────────────────────────────────────────────────────────────

  onHeaders(list: HeaderList, endStream: boolean): void {
    if (this.state !== 'open') return;
    const failure = httpFailure(list);
    if (failure !== undefined) this.lose(`connection ${this.connection.name} ${failure.message}`, failure.code);
    else if (endStream) this.finish(list, true);
    else this.request.rule.onHeaders(this, list);
  }

  onData(buf: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.state !== 'open') return;
    if (end > start) {
      this.answerBytes += end - start;
      const boundary = this.boundary.feed(buf, start, end);
      if (boundary instanceof RpcError) {
        this.reject(boundary);
        return;
      }
      this.request.rule.onData(this, buf, start, end, boundary);
    }
    if (endStream) this.lose(`connection ${this.connection.name} ended the answer without trailers`, Status.INTERNAL);
  }

  onTrailers(list: HeaderList): void {
    if (this.state === 'open') this.finish(list, false);
  }

  private finish(list: HeaderList, trailersOnly: boolean): void {
    const status = list.get('grpc-status');
    if (status === undefined || !isStatus(status)) {
      this.lose(`connection ${this.connection.name} ended the answer without a grpc-status`, Status.UNKNOWN);
      return;
    }
    if (status === '0' && !this.boundary.between) {
      this.lose(`connection ${this.connection.name} ended the answer in the middle of a message`, Status.INTERNAL);
      return;
    }
    const declined = this.request.isDecline(list);
    this.end(declined ? 'declined' : 'answered');
    if (declined) this.request.rule.onDeclined(this, list, trailersOnly);
    else this.request.rule.onTrailers(this, list, trailersOnly);
  }

  onReset(code: number, cause: ResetCause): void {
    const { name } = this.connection;
    if (cause === ResetCause.refused && this.state === 'open' && this.refused()) return;
    if (cause === ResetCause.connection) this.lose(`connection ${name} was lost`, Status.UNAVAILABLE);
    else if (cause === ResetCause.refused) this.lose(`connection ${name} refused the call`, Status.UNAVAILABLE);
    else if (cause === ResetCause.protocol) this.lose(`connection ${name} broke the protocol`, Status.INTERNAL);
    else this.lose(`connection ${name} reset the call: ${errorCodeName(code)}`, resetStatus(code));
  }

  onSent(bytes: number): void {
    this.taken += bytes;
    this.request.legTook();
  }
}

const NOTHING = Buffer.alloc(0);

/** A replica that refuses a leg again and again is not asked for ever. */
const MAX_RESENDS = 3;

/** A decimal number (grpc/doc/PROTOCOL-HTTP2.md, Status). */
function isStatus(value: string): boolean {
  return value === '0' || /^\d{1,9}$/.test(value);
}
