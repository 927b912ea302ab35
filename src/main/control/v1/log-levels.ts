import { Status } from '../../../grpc/status-code.js';
import { LOG_LEVELS, type LogLevel, type ThreadLog } from '../../../observability/log.js';
import type { WorkerHost } from '../../backends/worker-host.js';
import { ControlError } from '../control-error.js';

const MAIN = 'main';

/** `afrouter.v1.LogLevels`. */
export interface LevelsMessage {
  readonly components: readonly { readonly name: string; readonly level: LogLevel }[];
}

/** What each thread logs. */
export class LogLevels {
  private readonly main: ThreadLog;
  private readonly hosts: readonly WorkerHost[];

  constructor(main: ThreadLog, hosts: readonly WorkerHost[]) {
    this.main = main;
    this.hosts = hosts;
  }

  get(): LevelsMessage {
    return {
      components: [
        { name: MAIN, level: this.main.level },
        ...this.hosts.map(({ name, logLevel }) => ({ name, level: logLevel })),
      ],
    };
  }

  /** @param component `''` for all */
  async set({ component, level: asked }: { component: string; level: string }): Promise<LevelsMessage> {
    const level = LOG_LEVELS.find((known) => known === asked);
    if (level === undefined) {
      const message = `unknown level ${JSON.stringify(asked)}: ${LOG_LEVELS.join(', ')}`;
      throw new ControlError(Status.INVALID_ARGUMENT, message);
    }
    const hosts = this.hosts.filter(({ name }) => component === '' || component === name);
    const main = component === '' || component === MAIN;
    if (!main && hosts.length === 0) {
      const names = [MAIN, ...this.hosts.map(({ name }) => name)].join(', ');
      throw new ControlError(Status.NOT_FOUND, `unknown component ${JSON.stringify(component)}: ${names}`);
    }
    if (main) this.main.setLevel(level);
    await Promise.all(hosts.map((host) => host.setLogLevel(level)));
    return this.get();
  }
}
