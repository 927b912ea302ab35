import type { Turn } from '../../http2/codec/turn.js';
import type { CallRecord } from '../northbound/call-record.js';
import { CallReport, type CallReporter, type CallSpan } from '../northbound/call-report.js';
import { AccessLog, type AccessLogSettings } from './access-log.js';

/** Makes spans; see tracing/. */
export interface CallTracer {
  /** The span of a call that begins; null when it is not sampled. */
  begin(call: CallRecord): CallSpan | null;
}

/** Tells the access log and the tracer of calls. */
class Reporting implements CallReporter {
  private readonly accessLog: AccessLog;
  private readonly tracer: CallTracer | null;

  constructor(accessLog: AccessLog, tracer: CallTracer | null) {
    this.accessLog = accessLog;
    this.tracer = tracer;
  }

  begin(call: CallRecord): CallReport | null {
    const logged = this.accessLog.wants();
    const span = this.tracer === null ? null : this.tracer.begin(call);
    return logged || span !== null ? new CallReport(this, call, logged, span) : null;
  }

  done(report: CallReport): void {
    if (report.logged) this.accessLog.write(report);
    report.span?.end(report);
  }
}

/** What calls are told to; null when nobody wants to know, and nothing is gathered then. @param tracer null = no traces */
export function callReporter(settings: AccessLogSettings, turn: Turn, tracer: CallTracer | null): CallReporter | null {
  if (settings.accessLog === 'off' && tracer === null) return null;
  return new Reporting(new AccessLog(settings, turn), tracer);
}
