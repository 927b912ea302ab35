import type { Logger } from 'pino';
import type { WorkerSettings } from '../../port/control-messages.js';
import type { PortWriter } from '../../port/port-writer.js';
import type { ConnectionContext } from '../southbound/connection.js';

/** What a worker counts; snapshots carry it to the main thread. */
export interface WorkerCounters {
  /** Legs lost to a transport failure, a malformed answer or a stall. */
  legsLost: number;
  /** Legs that said `transaction-not-acquired`. */
  legsDeclined: number;
  /** Legs dropped because they took no request bytes for too long (also in `legsLost`). */
  legsStalled: number;
  /** Late legs opened for requests in progress. */
  catchUps: number;
  /** Late legs not opened because the backlog had outgrown its limit. */
  catchUpsRefused: number;
  /** Requests whose backlog outgrew its limit. */
  replayOverflows: number;
}

/** What the backends of one worker thread share. */
export interface BackendContext {
  readonly settings: WorkerSettings;
  readonly port: PortWriter;
  readonly connections: ConnectionContext;
  readonly log: Logger;
  readonly counters: WorkerCounters;
  /** See `creditStep` in port/records.ts. */
  readonly creditStep: number;
}
