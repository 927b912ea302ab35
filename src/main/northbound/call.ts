import type { MessageAppender } from '../../grpc/message-appender.js';
import { requestHead } from '../../grpc/request-head.js';
import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import { ErrorCode } from '../../http2/frame/error-code.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { Expiry, ResetCause, Stream, StreamHandler } from '../../http2/stream/stream.js';
import { maySend, StreamState } from '../../http2/stream/stream-state.js';
import type { BackendLink } from '../backends/backend-link.js';
import type { PortCall, WorkerPort } from '../backends/worker-port.js';
import { answerField } from '../routing/decision.js';
import type { MethodRoute, RouteDecision } from '../routing/route.js';
import type { CallContext } from './call-context.js';
import { type CallCounters, statusOf } from './call-counters.js';
import { callName } from './call-name.js';
import type { CallReport } from './call-report.js';
import { CallState } from './call-state.js';
import type { ClientConnection } from './client-connection.js';
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
 * One object per call and no closure: this and `Request` in the worker are what it costs. `active-calls.ts` reads the rest.
 */
export class Call implements StreamHandler, PortCall {
  slot = -1;
  generation = 0;
  readonly client: ClientConnection;
  private readonly context: CallContext;
  private readonly stream: Stream;
  readonly headers: HeaderList;
  state: CallState = CallState.linked;
  route: MethodRoute | null = null;
  decision: RouteDecision | null = null;
  /** Set while a backend has the call. */
  private port: WorkerPort | null = null;
  private deadline: NodeJS.Timeout | null = null;
  private counters: CallCounters;
  /** When it began, in ms of performance.now(). */
  readonly beganMs: number;
  /** Set before it begins where somebody wants to know how it ends. */
  report: CallReport | null = null;
  /** Bytes of messages and their prefixes, from the client and to it. */
  requestBytes = 0;
  responseBytes = 0;

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

  constructor(client: ClientConnection, context: CallContext, stream: Stream, headers: HeaderList) {
    this.client = client;
    this.context = context;
    this.stream = stream;
    this.headers = headers;
    this.counters = context.calls.unrouted;
    this.beganMs = context.turn.nowMs();
  }

  /** See {@link callName}. */
  get name(): string {
    return callName(this.client.listener, this.client.number, this.stream.id);
  }

  /** Takes the call on. @param halfClosed the client sends no body */
  begin(halfClosed: boolean): void {
    const head = requestHead(this.headers);
    if (!head.post || !head.grpc) {
      this.context.counters.notGrpc++;
      const status = head.post ? 415 : 405;
      rejectHttp(this.stream, status);
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
      this.link(undefined, halfClosed);
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
    this.count(Status.CANCELLED, -1);
    this.end();
  }

  // ── (2) the first message, where the route needs it ────────────────────────────────────────────────────────────────

  private hold(buf: Buffer, start: number, end: number, endStream: boolean): void {
    this.first ??= new RequestHold(this.context, this.route!.routeName);
    const { first } = this;
    const message = first.push(buf, start, end, endStream);
    if (message instanceof RpcError) {
      this.fail(message);
      return;
    }
    if (message === undefined) {
      // Its window is given back as it arrives: a message longer than the window would otherwise wait for ever.
      this.debt ??= new RequestDebt(this.context.budget);
      this.debt.hold(end - start);
      this.stream.consume(end - start);
      return;
    }
    this.first = null;
    if (!this.link(message, false)) return;
    const { kept } = first;
    if (kept.length > 0) this.passOn(kept, 0, kept.length, endStream);
    else this.passOn(buf, start, end, endStream);
  }

  /** Decides where the call goes and opens it there. Returns false when that failed and the call is over. */
  private link(message: Buffer | undefined, halfClosed: boolean): boolean {
    // One that was held is routed anew: in a configuration that came meanwhile its route may lead elsewhere.
    const route = message ? this.context.router.route(this.route!.method.path, this.headers) : this.route!;
    const decision = route instanceof RpcError ? route : route.decide(this.headers, message);
    if (route instanceof RpcError || decision instanceof RpcError) {
      this.fail(decision as RpcError);
      return false;
    }
    this.route = route;
    this.decision = decision;
    // Routing hands back one of the backends it was built with, and they are BackendLinks.
    const backend = decision.backend as BackendLink;
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
    this.count(statusOf(list), backendMs);
    this.end();
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
    this.count(error.code, backendMs);
    this.end();
  }

  private count(status: number, backendMs: number): void {
    const backend = this.decision === null ? null : (this.decision.backend as BackendLink);
    const nowMs = this.context.turn.nowMs();
    this.counters.ended(backend, status, nowMs - this.beganMs, backendMs);
    this.report?.ended(status, backendMs, nowMs);
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
