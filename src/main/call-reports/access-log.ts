import type { Logger } from 'pino';
import { Status } from '../../grpc/status-code.js';
import type { Flushable, Turn } from '../../http2/codec/turn.js';
import { LineLog } from '../../observability/log.js';
import type { AccessLogMode } from '../config/log-settings.js';
import type { CallReport } from '../northbound/call-report.js';
import { accessLine } from './access-line.js';
import { KeyDigest } from './key-digest.js';
import { traceParent } from './trace-parent.js';

/** What the access log needs to know of the settings. */
export interface AccessLogSettings {
  readonly accessLog: AccessLogMode;
  /** With mode `sampled`: one call in so many. */
  readonly accessLogSample: number;
  /** Keys as they are, instead of their digests. */
  readonly logKeys: boolean;
  readonly logHashKey: string;
}

/**
 * The access log: a line for each call that has ended and is wanted, whatever the log's levels are. The lines of one turn of the
 * event loop are written together.
 */
export class AccessLog implements Flushable {
  private readonly mode: AccessLogMode;
  private readonly share: number;
  private readonly digest: KeyDigest | null;
  private readonly lines: LineLog;
  private readonly log: Logger;
  private readonly turn: Turn;
  private waiting = false;

  constructor(settings: AccessLogSettings, turn: Turn) {
    this.mode = settings.accessLog;
    this.share = 1 / settings.accessLogSample;
    this.digest = settings.logKeys ? null : new KeyDigest(settings.logHashKey);
    this.lines = new LineLog('main');
    this.log = this.lines.logger;
    this.turn = turn;
  }

  /** Whether a call that begins may get a line. */
  wants(): boolean {
    // Drawn, not counted: every tenth call may well be the one that always goes to the same backend.
    return this.mode !== 'off' && (this.mode !== 'sampled' || Math.random() < this.share);
  }

  /** The call has ended. */
  write(report: CallReport): void {
    if (this.mode === 'errors' && report.status === Status.OK) return;
    const { key } = report;
    const trace = report.span?.traceId ?? traceParent(report.call.headers)?.traceId;
    const keyHash = key === undefined ? undefined : this.digest?.of(key);
    const line = accessLine(report, { key: this.digest === null ? key : undefined, keyHash, trace });
    this.log.info(line, 'call ended');
    if (this.waiting) return;
    this.waiting = true;
    this.turn.add(this);
  }

  flush(): void {
    this.waiting = false;
    this.lines.flush();
  }
}
