import type { Context, Span, Tracer } from '@opentelemetry/api';
import { Status } from '../../grpc/status-code.js';
import { HeaderField, Indexing } from '../../http2/hpack/header-field.js';
import { HeaderList } from '../../http2/hpack/header-list.js';
import { LegOutcome, outcomeName } from '../../port/leg-outcome.js';
import type { TraceParent } from '../call-reports/trace-parent.js';
import type { CallReport, CallSpan } from '../northbound/call-report.js';

type Api = typeof import('@opentelemetry/api');

/** Characters of what clients choose. */
const MAX_TEXT = 256;

/** Statuses that are the server's failure (OpenTelemetry semantic conventions, gRPC). */
const FAILURES: ReadonlySet<number> = new Set([
  Status.UNKNOWN,
  Status.DEADLINE_EXCEEDED,
  Status.UNIMPLEMENTED,
  Status.INTERNAL,
  Status.UNAVAILABLE,
  Status.DATA_LOSS,
]);

/** The span of one call, and when it has ended a child for each of its legs. */
export class RecordedSpan implements CallSpan {
  private readonly api: Api;
  private readonly tracer: Tracer;
  private readonly span: Span;
  private readonly within: Context;
  private readonly parent: TraceParent | undefined;

  /** @param within the context of the span's children */
  constructor(api: Api, tracer: Tracer, span: Span, within: Context, parent: TraceParent | undefined) {
    this.api = api;
    this.tracer = tracer;
    this.span = span;
    this.within = within;
    this.parent = parent;
  }

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  /**
   * Backends get this span as their parent, in the place of the client's (W3C Trace Context 3.4, mutating). `tracestate` stays,
   * as we have nothing to say in it, unless it belonged to a `traceparent` that cannot be read: it means nothing then (3.3.1).
   */
  outgoing(headers: HeaderList): HeaderList {
    const { traceId, spanId } = this.span.spanContext();
    const flags = ((this.parent?.flags ?? 0) | 1).toString(16).padStart(2, '0');
    const ours = new HeaderField('traceparent', `00-${traceId}-${spanId}-${flags}`, Indexing.once);
    if (this.parent === undefined) {
      const others = headers.fields.filter(({ name }) => name !== 'traceparent' && name !== 'tracestate');
      return new HeaderList([...others, ours]);
    }
    return new HeaderList(headers.fields.map((field) => (field.name === 'traceparent' ? ours : field)));
  }

  end(report: CallReport): void {
    const { span } = this;
    const { status, call } = report;
    if (call.route !== null) {
      const [service, method] = report.path.slice(1, MAX_TEXT).split('/');
      span.updateName(`${service}/${method}`);
      span.setAttributes({ 'rpc.service': service ?? '', 'rpc.method': method ?? '' });
    }
    span.setAttributes({
      'rpc.system': 'grpc',
      'client.address': report.peer,
      'afrouter.call': report.name,
      'afrouter.listener': report.listener,
      'afrouter.route': report.route,
      'afrouter.cluster': report.cluster,
      'afrouter.backend': report.backend,
    });
    if (status >= 0) span.setAttribute('rpc.grpc.status_code', status);
    else span.setAttribute('http.response.status_code', report.http);
    if (FAILURES.has(status)) this.markFailed(span);
    this.addLegs(report);
    span.end(wallClock(report.endedMs));
  }

  /** A child for each leg. Its times are its worker's, from the call being opened there; what is open when the call ends, ends with it. */
  private addLegs(report: CallReport): void {
    const { linkedMs, endedMs } = report;
    for (const leg of report.legs) {
      const connection = report.connectionName(leg);
      const options = {
        kind: this.api.SpanKind.CLIENT,
        startTime: wallClock(Math.min(linkedMs + leg.openedMs, endedMs)),
        attributes: { 'afrouter.connection': connection, 'afrouter.outcome': outcomeName(leg.outcome) },
      };
      const child = this.tracer.startSpan(`replica ${connection}`, options, this.within);
      if (leg.outcome === LegOutcome.lost) this.markFailed(child);
      child.end(wallClock(Math.min(linkedMs + leg.endedMs, endedMs)));
    }
  }

  private markFailed(span: Span): void {
    span.setStatus({ code: this.api.SpanStatusCode.ERROR });
  }
}

/** @param ms of performance.now() @returns ms since 1970 */
function wallClock(ms: number): number {
  return performance.timeOrigin + ms;
}
