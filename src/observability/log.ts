import { destination, type Logger, pino } from 'pino';

/**
 * The process's log: one JSON object a line on standard output, written at once so that the last line before a crash is
 * there. Threads write to the same file descriptor; a line is one write and stays whole.
 *
 * Every line has `event` (a stable name to search for) and the ids that join lines: `thread`, `backend`, `connection`.
 * Payloads, metadata values and credentials are never logged.
 * @param level pino level, or `silent`
 */
export function createLog(level: string, thread: string): Logger {
  return pino(
    {
      level,
      base: { thread },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ fd: 1, sync: true }),
  );
}
