import type { Logger } from 'pino';
import { ConfigError } from '../config/config-error.js';
import type { LoadedRoutingFile } from '../config/load.js';
import type { RoutingFile } from '../config/routing-file.js';
import { type Changes, compareConfigurations, isEmpty } from './changes.js';

/** How a reload ended. */
export interface ReloadResult {
  /** Unix time in ms. */
  readonly at: number;
  /** What asked for it: `SIGHUP`, `file changed`, `control API`. */
  readonly reason: string;
  /** Empty when the configuration is in use; otherwise every error, and nothing has changed. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly changes: Changes;
}

/** The running router, as a reload sees it. */
export interface Reloadable {
  /** The configuration in use. */
  readonly config: RoutingFile;
  /** Takes a valid configuration into use, all of it or (rejecting) nothing. */
  apply(config: RoutingFile): Promise<void>;
}

/** Reloads so far, by how they ended. */
export interface ReloadCounters {
  applied: number;
  rejected: number;
}

const NOTHING: Changes = { added: [], changed: [], removed: [] };

/**
 * Reads the configuration again when asked to, and applies it whole or not at all. One reload at a time: what is asked for
 * meanwhile is done afterwards.
 */
export class Reloader {
  private readonly load: () => LoadedRoutingFile;
  private readonly router: Reloadable;
  private readonly log: Logger;
  private running: Promise<unknown> = Promise.resolve();
  /** How the last reload ended. */
  last: ReloadResult | undefined;
  readonly counters: ReloadCounters = { applied: 0, rejected: 0 };

  /** @param load reads and checks the routing file; throws ConfigError */
  constructor(load: () => LoadedRoutingFile, router: Reloadable, log: Logger) {
    this.load = load;
    this.router = router;
    this.log = log;
  }

  /** Never rejects. */
  reload(reason: string): Promise<ReloadResult> {
    const result = this.running.then(() => this.once(reason));
    this.running = result;
    return result;
  }

  private async once(reason: string): Promise<ReloadResult> {
    let result: ReloadResult;
    try {
      const { config, warnings } = this.load();
      const changes = compareConfigurations(this.router.config, config);
      await this.router.apply(config);
      result = { at: Date.now(), reason, errors: [], warnings, changes };
      this.counters.applied++;
      for (const warning of warnings) this.log.warn({ event: 'config_warning' }, warning);
      this.log.info(
        { event: 'config_applied', reason, ...changes },
        isEmpty(changes) ? 'no change' : 'new configuration',
      );
    } catch (error) {
      const errors = reasons(error);
      result = { at: Date.now(), reason, errors, warnings: [], changes: NOTHING };
      this.counters.rejected++;
      this.log.error({ event: 'config_rejected', reason, errors }, 'the configuration in use stays');
    }
    this.last = result;
    return result;
  }
}

function reasons(error: unknown): string[] {
  if (error instanceof ConfigError) return error.message.split('\n');
  return [error instanceof Error ? error.message : String(error)];
}
