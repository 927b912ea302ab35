import { destination, type Logger, type LoggerOptions, pino } from 'pino';

/** Pino's levels, least severe first, and `silent`. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The parts of the main thread, and of a worker, whose level can be set. What belongs to none goes by the thread's. */
export const MAIN_AREAS = ['northbound', 'backends', 'certificates', 'config', 'control'] as const;
export const WORKER_AREAS = ['backend', 'southbound'] as const;

/** The levels of one thread: those of its areas by name, and of what belongs to none. */
export interface ThreadLevels {
  readonly level: LogLevel;
  readonly areas: Readonly<Record<string, LogLevel>>;
}

/**
 * The log of one thread: one JSON object a line on standard output, written at once so that the last line before a crash is
 * there. Threads write to the same file descriptor; a line is one write and stays whole.
 *
 * Every line has `event` (docs/logs.md has them all), `area` where it comes from a part of the thread whose level can be set,
 * and the ids that join lines: `thread`, `cluster`, `backend`, `connection`, `client`, `call`. Payloads, metadata values and
 * credentials are never logged.
 */
export class ThreadLog {
  private readonly rest: Part;
  private readonly areas: ReadonlyMap<string, Part>;

  /**
   * @param level of all parts at first
   * @param thread stands in every line
   * @param areas names of the parts that have a level of their own
   */
  constructor({ level, areas: levels }: ThreadLevels, thread: string, areas: readonly string[]) {
    const logger = pino({ ...lineOptions(thread), level }, destination({ fd: 1, sync: true }));
    this.areas = new Map(
      areas.map((area) => [area, new Part(logger.child({ area }, { level: levels[area] ?? level }))]),
    );
    this.rest = new Part(logger);
  }

  /** What belongs to no area. */
  get logger(): Logger {
    return this.rest.logger;
  }

  /** The log of a part of the thread. @throws Error when the thread has no such area */
  area(name: string): Logger {
    const part = this.areas.get(name);
    if (part === undefined) throw new Error(`the log has no area ${name}`);
    return part.logger;
  }

  get levels(): ThreadLevels {
    const areas = [...this.areas].map(([name, part]) => [name, part.level]);
    return { level: this.rest.level, areas: Object.fromEntries(areas) };
  }

  /** Changes what is logged from now on. */
  setLevels({ level, areas }: ThreadLevels): void {
    this.rest.setLevel(level);
    for (const [name, part] of this.areas) part.setLevel(areas[name] ?? level);
  }
}

/** A logger and all its children. */
class Part {
  readonly logger: Logger;
  /** Pino gives a child its level for life, so those that live are known here. Many live as long as the thread. */
  private children: WeakRef<Logger>[] = [];

  constructor(logger: Logger) {
    this.logger = logger;
    // Children have it from their parent, so this tells of their children, too.
    logger.onChild = (child) => this.children.push(new WeakRef(child));
  }

  get level(): LogLevel {
    return this.logger.level as LogLevel;
  }

  setLevel(level: LogLevel): void {
    this.logger.level = level;
    this.children = this.children.filter((reference) => {
      const child = reference.deref();
      if (child !== undefined) child.level = level;
      return child !== undefined;
    });
  }
}

/** Longest piece that is written at once, in bytes: other threads' lines cannot come between in a pipe (POSIX, PIPE_BUF). */
const PIECE_BYTES = 4096;

/** Lines that may be many, all at level info whatever the levels are: gathered, and written together by `flush`. */
export class LineLog {
  readonly logger: Logger;
  private readonly out = destination({ fd: 1, sync: true, minLength: PIECE_BYTES - 1, maxWrite: PIECE_BYTES });

  /** @param thread stands in every line */
  constructor(thread: string) {
    this.logger = pino(lineOptions(thread), this.out);
  }

  flush(): void {
    this.out.flushSync();
  }
}

function lineOptions(thread: string): LoggerOptions {
  return {
    base: { thread },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  };
}
