import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { LegReport } from '../../port/leg-outcome.js';
import type { LegListener } from '../backends/worker-port.js';
import type { CallRecord } from './call-record.js';

/** Who wants to know of calls: the access log, the tracer. */
export interface CallReporter {
  /** A call has come. Returns null when nothing is to be told of it. */
  begin(call: CallRecord): CallReport | null;
  /** Everything is known of a call that `begin` gave a report. Once for each. */
  done(report: CallReport): void;
}

/** The span of a call that is traced. */
export interface CallSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The headers for the backend: with this span as the parent. */
  outgoing(headers: HeaderList): HeaderList;
  end(report: CallReport): void;
}

/**
 * What is told of one call when it has ended and its worker has said how the legs came out. There is one only for calls that
 * somebody wants to know of.
 *
 *     begun ──(routed, a worker has it)──▶ linked ──(ended here, legs reported: either first)──▶ done
 *       └──────────────────(ended without a worker)──────────────────▶ done
 */
export class CallReport implements LegListener {
  private readonly reporter: CallReporter;
  readonly call: CallRecord;
  /** It gets a line in the access log, if that wants its status. */
  readonly logged: boolean;
  readonly span: CallSpan | null;
  /** gRPC status; -1 for a request that was answered with a bare HTTP status. */
  status = -1;
  /** That HTTP status; 200 for gRPC. */
  http = 200;
  /** When a worker had the call, and when the client's part was over: ms of performance.now(); -1 = not yet. */
  linkedMs = -1;
  endedMs = -1;
  /** The affinity key by which it was routed, one character an octet. Taken at the call's end: afterwards its row may be another's. */
  key: string | undefined = undefined;
  /** The backend's time in ms; -1 when nobody knows. */
  backendMs = -1;
  private outcomes: readonly LegReport[] | null = null;

  constructor(reporter: CallReporter, call: CallRecord, logged: boolean, span: CallSpan | null) {
    this.reporter = reporter;
    this.call = call;
    this.logged = logged;
    this.span = span;
  }

  /** A worker has the call from now on. */
  linked(nowMs: number): void {
    this.linkedMs = nowMs;
  }

  /** The client has its answer or is gone. */
  ended(status: number, backendMs: number, nowMs: number): void {
    this.status = status;
    this.backendMs = backendMs;
    this.endedMs = nowMs;
    this.key = this.call.decision?.key;
    if (this.linkedMs < 0 || this.outcomes !== null) this.reporter.done(this);
  }

  /** It was no gRPC and has been answered with a bare HTTP status. */
  rejected(http: number, nowMs: number): void {
    this.http = http;
    this.ended(-1, -1, nowMs);
  }

  legsReported(legs: readonly LegReport[]): void {
    if (this.outcomes !== null) return;
    this.outcomes = legs;
    if (this.endedMs >= 0) this.reporter.done(this);
  }

  /** The headers for the backend. */
  outgoing(headers: HeaderList): HeaderList {
    return this.span === null ? headers : this.span.outgoing(headers);
  }

  /** See `callName`. */
  get name(): string {
    return this.call.name;
  }

  get listener(): string {
    return this.call.client.listener;
  }

  get peer(): string {
    return this.call.client.peer;
  }

  /** `:path`, as the client sent it. */
  get path(): string {
    return this.call.headers.get(':path') ?? '';
  }

  /** `''` when none took it. */
  get route(): string {
    return this.call.route?.routeName ?? '';
  }

  /** `''` when the call went to no backend. */
  get cluster(): string {
    return this.call.backend?.clusterName ?? '';
  }

  get backend(): string {
    return this.call.backend?.name ?? '';
  }

  /** From the call's headers to its end. */
  get totalMs(): number {
    return this.endedMs - this.call.beganMs;
  }

  get requestBytes(): number {
    return this.call.requestBytes;
  }

  get responseBytes(): number {
    return this.call.responseBytes;
  }

  /** In the order in which they were opened; none when no worker had the call, or it died. */
  get legs(): readonly LegReport[] {
    return this.outcomes ?? [];
  }

  /** The name of a leg's connection. */
  connectionName({ connection }: LegReport): string {
    return this.call.backend?.connectionNames[connection] ?? String(connection);
  }

  /** A request header, for who reads the trace context. */
  header(name: string): string | undefined {
    return this.call.headers.get(name);
  }
}
