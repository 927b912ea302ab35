import type { Logger } from 'pino';
import type { Turn } from '../../http2/codec/turn.js';
import type { HealthSource } from '../health/health-source.js';
import type { ServiceRouter } from '../routing/service-router.js';
import type { Arrivals } from './arrivals.js';
import type { ListenerCalls } from './call-counters.js';
import type { CallReporter } from './call-report.js';
import type { HeldBudget } from './held-budget.js';

/** What northbound counts. */
export interface NorthboundCounters {
  /** Requests answered 405 or 415. */
  notGrpc: number;
  /** Requests answered 431. */
  oversizedHeaders: number;
  /** Calls that the router ended because their deadline was over. */
  deadlines: number;
  /** Connections accepted. */
  connections: number;
  /** Connections closed because the listener had its fill. */
  connectionsRefused: number;
  /** TLS handshakes that failed, or whose client was turned away: no certificate, not HTTP/2. */
  handshakesFailed: number;
  /** Those of them that were not over in time. */
  handshakeTimeouts: number;
}

/** What the calls of one listener share. */
export interface CallContext {
  /** Its name; another one when the configuration changes. */
  listener: string;
  /** Another one when the configuration changes. */
  router: ServiceRouter;
  readonly budget: HeldBudget;
  /** Bytes, prefix not counted. */
  readonly maxMessageBytes: number;
  /** How long after its deadline the router ends a call itself, in ms: the backend's own answer is better. */
  readonly deadlineSlackMs: number;
  /** See `creditStep` in port/records.ts. */
  readonly creditStep: number;
  readonly counters: NorthboundCounters;
  readonly calls: ListenerCalls;
  /** The thread's. */
  readonly arrivals: Arrivals;
  /** The thread's turn, for its clock. */
  readonly turn: Turn;
  /** Set when the listener answers `grpc.health.v1.Health` itself. */
  readonly health: HealthSource | undefined;
  /** Null when nobody wants to know of calls. */
  readonly reporter: CallReporter | null;
  log: Logger;
}
