import { destination, type Logger, pino } from 'pino';

/** Pino's levels, least severe first, and `silent`. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The log of one thread: one JSON object a line on standard output, written at once so that the last line before a crash is
 * there. Threads write to the same file descriptor; a line is one write and stays whole.
 *
 * Every line has `event` (a stable name to search for) and the ids that join lines: `thread`, `backend`, `connection`.
 * Payloads, metadata values and credentials are never logged.
 */
export class ThreadLog {
  readonly logger: Logger;
  /** Pino gives a child its level for life, so those that live are known here. Many live as long as the thread. */
  private children: WeakRef<Logger>[] = [];

  /** @param thread stands in every line */
  constructor(level: LogLevel, thread: string) {
    this.logger = pino(
      {
        level,
        base: { thread },
        timestamp: () => `,"time":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
        onChild: (child) => this.children.push(new WeakRef(child)),
      },
      destination({ fd: 1, sync: true }),
    );
  }

  get level(): LogLevel {
    return this.logger.level as LogLevel;
  }

  /** Changes what is logged from now on, by this logger and every child of it. */
  setLevel(level: LogLevel): void {
    this.logger.level = level;
    this.children = this.children.filter((reference) => {
      const child = reference.deref();
      if (child !== undefined) child.level = level;
      return child !== undefined;
    });
  }
}
