import { wholeMessage } from '../../grpc/first-message.js';
import type { MessageAppender } from '../../grpc/message-appender.js';
import { MESSAGE_PREFIX_BYTES } from '../../grpc/message-boundary.js';
import { requestHead } from '../../grpc/request-head.js';
import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import { ErrorCode } from '../../http2/frame/error-code.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { Expiry, ResetCause, StreamHandler } from '../../http2/stream/stream.js';
import { maySend, StreamState } from '../../http2/stream/stream-state.js';
import type { PortCall, WorkerPort } from '../backends/worker-port.js';
import { answerField } from '../routing/decision.js';
import type { MethodRoute } from '../routing/route.js';
import { statusOf } from './call-counters.js';
import { CallRecord } from './call-record.js';
import { CallState } from './call-state.js';
import { deadlineError, MALFORMED_TIMEOUT, startDeadline } from './deadline.js';
import { expiryError } from './expiry.js';
import { answerHealth } from './health-call.js';
import { associationAppender, openAt } from './outgoing.js';
import { ReplyHold } from './reply-hold.js';
import { RequestDebt } from './request-debt.js';
import { noMessage, RequestHold } from './request-hold.js';
import { rejectHttp, rescue } from './rescue.js';

const NO_BYTES = Buffer.alloc(0);

/**
 * One call of a client from its headers to its trailers: it is routed (at once, or when its first message is there), handed
 * to the port of the backend's worker, and from then on bytes go through in both directions, with credit for each going the
 * other way only when they have been taken.
 *
 * One object per call and no closure: this and `Request` in the worker are what it costs.
 */
export class Call extends CallRecord implements StreamHandler, PortCall {
  /** Set while a backend has the call. */
  private port: WorkerPort | null = null;
  private deadline: NodeJS.Timeout | null = null;
  /** The first message while it is gathered. */
  private first: RequestHold | null = null;
  /** Adds the association field to each message, where the backend wants it there. */
  private appender: MessageAppender | null = null;
  /** What the backend's credit covers besides what the client waits for. */
  private debt: RequestDebt | null = null;

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
    if (!route.needsMessage) {
      this.link(NO_BYTES, 0, 0, halfClosed);
      return;
    }
    this.state = CallState.holding;
    if (halfClosed) this.fail(noMessage(route.routeName));
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

  // ── (2) the first message, where the route needs it ────────────────────────────────────────────────────────────────

  private hold(buf: Buffer, start: number, end: number, endStream: boolean): void {
    // Nothing, or padding: what follows may still be whole.
    if (start === end && !endStream) return;
    const { maxMessageBytes } = this.context;
    if (this.first === null) {
      // As is usual, one DATA frame holds the whole message: nothing has to be kept, or made to keep it.
      const messageEnd = wholeMessage(buf, start, end, maxMessageBytes);
      if (messageEnd >= 0) {
        if (this.link(buf, start + MESSAGE_PREFIX_BYTES, messageEnd, false)) this.passOn(buf, start, end, endStream);
        return;
      }
      this.first = new RequestHold(this.context.budget, maxMessageBytes, this.route!.routeName);
    }
    const { first } = this;
    const message = first.push(buf, start, end, endStream);
    if (message instanceof RpcError) {
      this.fail(message);
    } else if (message === undefined) {
      // Its window is given back as it arrives: a message longer than the window would otherwise wait for ever.
      this.debt ??= new RequestDebt(this.context.budget);
      this.debt.hold(end - start);
      this.stream.consume(end - start);
    } else {
      this.first = null;
      const { kept } = first;
      if (this.link(message, 0, message.length, false)) this.passOn(kept, 0, kept.length, endStream);
    }
  }

  /**
   * Decides where the call goes and opens it there. Returns false when that failed and the call is over.
   * @param buf holds the first message, without its prefix, from `start` to `end`, where the route needs it
   */
  private link(buf: Buffer, start: number, end: number, halfClosed: boolean): boolean {
    let route: MethodRoute | RpcError = this.route!;
    // One that was held is routed anew: in a configuration that came meanwhile its route may lead elsewhere.
    if (route.needsMessage) route = this.context.router.route(route.method.path, this.headers);
    const decision = route instanceof RpcError ? route : route.decide(this.headers, buf, start, end);
    if (route instanceof RpcError || decision instanceof RpcError) {
      this.fail(decision as RpcError);
      return false;
    }
    this.route = route;
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

  private passOn(buf: Buffer, start: number, end: number, last: boolean): void {
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
  private fail(error: RpcError, backendMs = -1): void {
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
    this.first = null;
    this.reply = null;
    if (this.deadline !== null) clearTimeout(this.deadline);
    this.deadline = null;
    this.decision?.reservation?.release();
    this.debt?.release();
    if (!this.stream.open) return;
    // The client need not send the rest (RFC 9113 §8.1); what is queued for it must go out first.
    if (maySend(this.stream.state)) this.resetWhenSent = true;
    else this.stream.reset(ErrorCode.NO_ERROR);
  }
}
