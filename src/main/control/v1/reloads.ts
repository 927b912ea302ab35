import { Status } from '../../../grpc/status-code.js';
import type { Reloader, ReloadResult } from '../../reload/reloader.js';
import { ControlError } from '../control-error.js';

/** `afrouter.v1.ReloadResult`. */
export interface ReloadMessage {
  readonly applied: boolean;
  readonly reason: string;
  readonly atUnixMs: number;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** `Reload` and `GetLastReload`. */
export class Reloads {
  private readonly reloader: Reloader;

  constructor(reloader: Reloader) {
    this.reloader = reloader;
  }

  async reload(): Promise<ReloadMessage> {
    return tell(await this.reloader.reload('control API'));
  }

  /** @throws ControlError when there was none */
  last(): ReloadMessage {
    const { last } = this.reloader;
    if (last === undefined) throw new ControlError(Status.NOT_FOUND, 'the configuration has not been read again yet');
    return tell(last);
  }
}

function tell({ at, reason, errors, warnings, changes }: ReloadResult): ReloadMessage {
  return { applied: errors.length === 0, reason, atUnixMs: at, errors, warnings, ...changes };
}
