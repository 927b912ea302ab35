import type { Logger } from 'pino';
import type { Turn } from '../../http2/codec/turn.js';
import type { WorkerSettings } from '../../port/control-messages.js';
import type { PortWriter } from '../../port/port-writer.js';
import type { ConnectionContext } from '../southbound/connection.js';
import type { ReplayBudget } from './replay-budget.js';

/** What the backends of one worker thread share. */
export interface BackendContext {
  readonly settings: WorkerSettings;
  readonly port: PortWriter;
  readonly connections: ConnectionContext;
  readonly log: Logger;
  /** The thread's turn, for its clock. */
  readonly turn: Turn;
  /** See `creditStep` in port/records.ts. */
  readonly creditStep: number;
  readonly replay: ReplayBudget;
}
