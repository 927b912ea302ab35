import type { MessageAppender } from '../../grpc/message-appender.js';
import { requestHead } from '../../grpc/request-head.js';
import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import { ErrorCode } from '../../http2/frame/error-code.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { Expiry, ResetCause, StreamHandler } from '../../http2/stream/stream.js';
import { maySend, StreamState } from '../../http2/stream/stream-state.js';
import type { PortCall, WorkerPort } from '../backends/worker-port.js';
import { answerField } from '../routing/decision.js';
import { statusOf } from './call-counters.js';
import { CallState } from './call-state.js';
import { deadlineError, MALFORMED_TIMEOUT, startDeadline } from './deadline.js';
import { expiryError } from './expiry.js';
import { answerHealth } from './health-call.js';
import { HeldCall } from './held-call.js';
import { associationAppender, openAt } from './outgoing.js';
import { ReplyHold } from './reply-hold.js';
import { RequestDebt } from './request-debt.js';
import { rejectHttp, rescue } from './rescue.js';

const NO_BYTES = Buffer.alloc(0);

/**
 * One call of a client from its headers to its trailers: it is routed (at once, or at the end of the turn in which its first message is there), handed
 * to the port of the backend's worker, and from then on bytes go through in both directions, with credit for each going the
 * other way only when they have been taken.
 *
 * One object per call and no closure: this and `Request` in the worker are what it costs.
 */
export class Call extends HeldCall implements StreamHandler, PortCall {
  /** Set while a backend has the call. */
  private port: WorkerPort | null = null;
  private deadline: NodeJS.Timeout | null = null;
  /** Adds the association field to each message, where the backend wants it there. */
  private appender: MessageAppender | null = null;
  /** The answer while its key is not bound yet. */
  private reply: ReplyHold | null = null;
  /** Response bytes the client has taken and the backend has no credit for yet; negative where it has been given some early. */
  private untoldCredit = 0;
  /** Answered while the client still sends: its stream is reset as soon as the answer is out. */
  private resetWhenSent = false;

  /** Takes the call on. @param halfClosed the client sends no body */
  begin(halfClosed: boolean): void {
    const head = requestHead(this.headers);
    if (!head.post || !head.grpc) {
      this.context.counters.notGrpc++;
      const status = head.post ? 415 : 405;
      rejectHttp(this.stream, status);
      if (this.state === CallState.over) return;
      this.report?.rejected(status, this.context.turn.nowMs());
      this.end();
      return;
    }
    const { router, calls, health } = this.context;
    const route = head.timeoutMs === -2 ? MALFORMED_TIMEOUT : router.route(head.path, this.headers);
    if (route instanceof RpcError && answerHealth(health, this.stream, head.path, halfClosed)) return;
    if (!(route instanceof RpcError)) this.counters = calls.of(route.method.series);
    this.counters.begun++;
    if (route instanceof RpcError) {
      this.fail(route);
      return;
    }
    this.route = route;
    if (head.timeoutMs >= 0) this.deadline = startDeadline(head.timeoutMs + this.context.deadlineSlackMs, this);
    if (route.needsMessage) this.awaitMessage(route, router, halfClosed);
    else this.link(NO_BYTES, 0, 0, 0, halfClosed);
  }

  // ── (1) from the client ────────────────────────────────────────────────────────────────────────────────────────────

  /** Unreachable: a server's stream begins with its headers, and a second block is its trailers. */
  onHeaders(): void {}

  onData(buf: Buffer, start: number, end: number, endStream: boolean): void {
    this.requestBytes += end - start;
    if (this.port !== null) this.passOn(buf, start, end, endStream);
    else if (this.state === CallState.holding) this.hold(buf, start, end, endStream);
  }

  /** gRPC requests have no trailers; they end the request all the same. */
  onTrailers(): void {
    this.onData(NO_BYTES, 0, 0, true);
  }

  onReset(code: number, cause: ResetCause): void {
    if (this.state === CallState.over) return;
    const { log } = this.context;
    if (log.isLevelEnabled('debug')) log.debug({ event: 'call_cancelled', call: this.name, code, cause }, 'given up');
    this.port?.cancel(this);
    this.finish(Status.CANCELLED, -1);
  }

  // ── (2) it is routed; before, HeldCall waits for the first message where the route needs it ─────────────────────────

  protected link(buf: Buffer, start: number, end: number, foreseen: number, halfClosed: boolean): boolean {
    const route = this.route!;
    const decision = route.decide(this.headers, buf, start, end, foreseen);
    if (decision instanceof RpcError) {
      this.fail(decision);
      return false;
    }
    this.decision = decision;
    const backend = this.backend!;
    const transactionId = backend.nextTransactionId();
    this.appender = associationAppender(backend.association, route.associationFields.get(backend), transactionId);
    if (decision.replyBinding !== undefined) {
      this.reply = new ReplyHold(decision.replyBinding, route.routeName, backend.name, this.context.maxMessageBytes);
    }
    const port = openAt(backend, this, route, decision, transactionId, halfClosed);
    if (port instanceof RpcError) {
      this.fail(port);
      return false;
    }
    this.port = port;
    this.report?.linked(this.context.turn.nowMs());
    this.state = CallState.linked;
    return true;
  }

  // ── (3) to the backend ─────────────────────────────────────────────────────────────────────────────────────────────

  protected passOn(buf: Buffer, start: number, end: number, last: boolean): void {
    const port = this.port!;
    const { appender } = this;
    if (appender === null) {
      port.data(this, buf, start, end, last);
      return;
    }
    const before = appender.added;
    const refused = appender.feed(buf, start, end, (b, from, to) => port.data(this, b, from, to, false));
    this.debt ??= new RequestDebt(this.context.budget);
    this.debt.add(appender.added - before);
    if (refused !== undefined) this.fail(refused);
    else if (last) port.data(this, NO_BYTES, 0, 0, true);
  }

  requestTaken(bytes: number): void {
    if (this.debt !== null) bytes = this.debt.settle(bytes);
    if (bytes > 0) this.stream.consume(bytes);
  }

  // ── (8) the backend's answer ───────────────────────────────────────────────────────────────────────────────────────

  answerHeaders(list: HeaderList): void {
    if (this.reply !== null) this.reply.headers = list;
    else this.sendHeaders(list);
  }

  private sendHeaders(list: HeaderList): void {
    this.state = CallState.answering;
    this.stream.sendHeaders(list, answerField(this.decision!), false);
  }

  answerData(buf: Buffer, start: number, end: number): void {
    this.responseBytes += end - start;
    if (this.reply === null) {
      this.stream.sendData(buf, start, end, false);
      return;
    }
    const bound = this.reply.push(buf, start, end);
    // The message must become whole, so the backend gets its window back as it arrives.
    this.untoldCredit -= end - start;
    this.port?.credit(this, end - start);
    if (bound instanceof RpcError) this.fail(bound);
    else if (bound) this.releaseReply();
  }

  /** Forwards what was held; from here on the answer goes through. */
  private releaseReply(): void {
    const { headers, kept } = this.reply!;
    this.reply = null;
    if (headers !== null) this.sendHeaders(headers);
    if (kept.length > 0) this.stream.sendData(kept, 0, kept.length, false);
  }

  answerTrailers(list: HeaderList, trailersOnly: boolean, backendMs: number): void {
    // An answer that ends without a message binds nothing: an error, most likely.
    if (this.reply !== null) this.releaseReply();
    if (trailersOnly) this.stream.sendHeaders(list, answerField(this.decision!), true);
    else this.stream.sendTrailers(list);
    this.finish(statusOf(list), backendMs);
  }

  answerFailed(status: Status, message: string, backendMs: number): void {
    this.port = null;
    this.fail(new RpcError(status, message), backendMs);
  }

  onSent(bytes: number): void {
    if (this.port === null) {
      if (this.resetWhenSent && this.stream.state === StreamState.HALF_LOCAL) this.stream.reset(ErrorCode.NO_ERROR);
      return;
    }
    this.untoldCredit += bytes;
    if (this.untoldCredit < this.context.creditStep) return;
    this.port.credit(this, this.untoldCredit);
    this.untoldCredit = 0;
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The client's deadline is over and the backend has not said so (called by the deadline's timer). */
  deadlineOver(): void {
    this.deadline = null;
    this.context.counters.deadlines++;
    this.fail(deadlineError(this.route!, this.decision));
  }

  onExpired(expiry: Expiry): void {
    this.fail(expiryError(expiry));
  }

  /** @param backendMs the backend's time when it is known, else -1 */
  protected fail(error: RpcError, backendMs = -1): void {
    if (this.state === CallState.over) return;
    this.port?.cancel(this);
    rescue(this.stream, error, this.state === CallState.answering);
    this.finish(error.code, backendMs);
  }

  /**
   * It has its status. Once: what is sent last may be what the client's connection cannot hold any more; then the connection
   * is gone, and the call with it, before the sending returns.
   */
  private finish(status: number, backendMs: number): void {
    if (this.state === CallState.over) return;
    this.count(status, backendMs);
    this.end();
  }

  /** The answer is given, or nobody waits for it any more. */
  private end(): void {
    this.state = CallState.over;
    this.port = null;
    this.reply = null;
    if (this.deadline !== null) clearTimeout(this.deadline);
    this.deadline = null;
    this.decision?.release();
    this.letGo();
    if (!this.stream.open) return;
    // The client need not send the rest (RFC 9113 §8.1); what is queued for it must go out first.
    if (maySend(this.stream.state)) this.resetWhenSent = true;
    else this.stream.reset(ErrorCode.NO_ERROR);
  }
}
