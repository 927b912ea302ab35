import { Status } from '../../grpc/status-code.js';
import { LOG_LEVELS, type LogLevel, type ThreadLevels, type ThreadLog } from '../../observability/log.js';
import type { WorkerHost } from '../backends/worker-host.js';
import { ControlError } from './control-error.js';

const MAIN = 'main';

/** `afrouter.v1.LogLevels`. */
export interface LevelsMessage {
  readonly components: readonly { readonly name: string; readonly level: LogLevel }[];
}

/** A thread whose levels can be changed. */
interface Thread {
  readonly name: string;
  readonly levels: ThreadLevels;
  set(levels: ThreadLevels): Promise<void>;
}

/** What is logged: a component is a thread (`main`, `worker-0`) with all its areas, or one area (`main/northbound`). */
export class LogLevels {
  private readonly main: ThreadLog;
  private readonly hosts: readonly WorkerHost[];
  /** The levels before everything was switched to debug, by thread. */
  private before: ReadonlyMap<string, ThreadLevels> | null = null;

  constructor(main: ThreadLog, hosts: readonly WorkerHost[]) {
    this.main = main;
    this.hosts = hosts;
  }

  /** There may be more workers than last time. */
  private get threads(): Thread[] {
    const { main } = this;
    return [
      { name: MAIN, levels: main.levels, set: async (levels) => main.setLevels(levels) },
      ...this.hosts.map((host) => ({
        name: host.name,
        levels: host.logLevels,
        set: (levels: ThreadLevels) => host.setLogLevels(levels),
      })),
    ];
  }

  get(): LevelsMessage {
    return { components: this.threads.flatMap(componentsOf) };
  }

  /** @param component `''` for all @throws ControlError (rejects) when there is no such component or level */
  async set({ component, level: asked }: { component: string; level: string }): Promise<LevelsMessage> {
    const level = LOG_LEVELS.find((known) => known === asked);
    if (level === undefined) {
      const message = `unknown level ${JSON.stringify(asked)}: ${LOG_LEVELS.join(', ')}`;
      throw new ControlError(Status.INVALID_ARGUMENT, message);
    }
    const known = this.get().components.map(({ name }) => name);
    if (component !== '' && !known.includes(component)) {
      const message = `unknown component ${JSON.stringify(component)}: ${known.join(', ')}`;
      throw new ControlError(Status.NOT_FOUND, message);
    }
    const concerned = this.threads.filter(({ name }) => component === '' || component.split('/')[0] === name);
    await Promise.all(concerned.map((thread) => thread.set(changed(thread, component, level))));
    return this.get();
  }

  /** Switches every component to debug, and next time back to what it was. @returns whether it is debug now */
  async toggleDebug(): Promise<boolean> {
    const { before, threads } = this;
    this.before = before === null ? new Map(threads.map(({ name, levels }) => [name, levels])) : null;
    // A worker that came meanwhile has the levels of the start, as those it joined had.
    await Promise.all(
      threads.map((thread) =>
        thread.set(before === null ? changed(thread, '', 'debug') : (before.get(thread.name) ?? thread.levels)),
      ),
    );
    return before === null;
  }
}

function componentsOf({ name, levels }: Thread): { name: string; level: LogLevel }[] {
  const areas = Object.entries(levels.areas).map(([area, level]) => ({ name: `${name}/${area}`, level }));
  return [{ name, level: levels.level }, ...areas];
}

/** The levels of a thread when a component has another one. @param component `''`, the thread, or one of its areas */
function changed({ name, levels }: Thread, component: string, level: LogLevel): ThreadLevels {
  const areas = { ...levels.areas };
  const whole = component === '' || component === name;
  for (const area of Object.keys(areas)) if (whole || component === `${name}/${area}`) areas[area] = level;
  return { level: whole ? level : levels.level, areas };
}
