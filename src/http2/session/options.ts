import type { ScratchPool } from '../codec/scratch-pool.js';
import type { Turn } from '../codec/turn.js';
import type { SharedHeaderLists } from '../hpack/shared-header-lists.js';
import type { AbuseRates } from './abuse-budget.js';
import type { FlowCounters } from './flow-counters.js';
import type { LimitCounters } from './limit-counters.js';
import type { LimitListener } from './limit-report.js';

/** What every session of a thread shares. */
export interface SessionContext {
  readonly turn: Turn;
  readonly scratch: ScratchPool;
  readonly sharedLists: SharedHeaderLists;
}

/** Limits and windows of a session; bytes, ms or counts. */
export interface SessionLimits extends AbuseRates {
  /** What we announce as SETTINGS_INITIAL_WINDOW_SIZE. */
  readonly streamWindow: number;
  /** The connection's receive window; given back as bytes arrive, because the streams' windows bound memory. */
  readonly connectionWindow: number;
  /** SETTINGS_MAX_CONCURRENT_STREAMS we announce (server side). */
  readonly maxConcurrentStreams: number;
  /** SETTINGS_MAX_HEADER_LIST_SIZE. */
  readonly maxHeaderListBytes: number;
  readonly maxHeaderFields: number;
  /** SETTINGS_HEADER_TABLE_SIZE, and most we use of the peer's. */
  readonly headerTableBytes: number;
  readonly maxContinuations: number;
  /** Bytes that may wait in the socket before DATA is held back. */
  readonly socketHighWater: number;
  /** Bytes that may wait in the socket at all: the peer does not read, and the connection ends. */
  readonly maxOutputBytes: number;
  /** The peer's preface and SETTINGS must come within this many ms; 0 = whenever. */
  readonly handshakeTimeoutMs: number;
  /** A header block, or a frame other than DATA, must be whole within this many ms; 0 = whenever. */
  readonly headerTimeoutMs: number;
  /** A stream of whose queue the peer takes nothing for this many ms is reset, a connection of whose socket ended; 0 = never. */
  readonly stallTimeoutMs: number;
  /** The peer is sent a PING after it has said nothing for this many ms; 0 = never. */
  readonly keepaliveMs: number;
  /** The connection ends when nothing has come within this many ms after a PING. */
  readonly keepaliveTimeoutMs: number;
  /** A client without streams for this many ms is sent away (server side); 0 = never. */
  readonly idleTimeoutMs: number;
  /** A client is sent away this many ms ± 10 % after it came (server side); 0 = never. */
  readonly maxConnectionAgeMs: number;
  /** The streams it still has end this many ms after that, and the connection with them; 0 = never. */
  readonly maxConnectionAgeGraceMs: number;
  /** A stream that has lasted this many ms expires (server side); 0 = never. */
  readonly maxStreamAgeMs: number;
  /** RST_STREAM frames a second that we send, for ever (client side); see ResetPacer. 0 = as they come. */
  readonly sentResetsPerSecond: number;
}

/** What the sessions of one listener or of one worker have in common. */
export interface SessionOptions extends SessionLimits {
  /** Whether a PING is worth sending while there is no stream. */
  readonly keepaliveIdle: boolean;
  readonly counters: LimitCounters;
  readonly flow: FlowCounters;
}

/** What a session tells its owner. */
export interface SessionOwner extends LimitListener {
  /** The peer's SETTINGS arrived: the connection can be used. */
  onReady(): void;
  /** The peer sent GOAWAY: no new streams. */
  onGoaway(code: number, debug: string): void;
  /** The connection is gone; every stream has been told. Called once. `reason` is for the log. */
  onClose(reason: string): void;
}
