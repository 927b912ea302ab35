/** One thing that is wrong with a configuration, so that the person who wrote it can mend it. */
export interface ConfigProblem {
  /** The file, or where else the value came from (`environment`, `command line`). */
  readonly file: string;
  /** JSON path (`servers[0].port`), `line 3, column 7` for JSON that cannot be read, or the name of a variable or flag. */
  readonly path: string;
  /** What stands there. */
  readonly found: string;
  /** What may stand there. */
  readonly allowed: string;
}

/** A configuration that cannot be used, with everything that is wrong with it; the message has a line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** @param problems at least one */
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(renderProblem).join('\n'));
  }
}

/** `arouter.json: servers[0].port: found 70000, allowed: a number from 1 to 65535` */
export function renderProblem(problem: ConfigProblem): string {
  return `${problem.file}: ${problem.path}: found ${problem.found}, allowed: ${problem.allowed}`;
}

/** Longer values are cut, so that one problem stays one readable line. */
const SHOWN_LENGTH = 80;

/** A value as it is shown in a problem: JSON, cut to a readable length; `nothing` for an absent one. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value) && value.length > 0) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return 'an object';
  const text = JSON.stringify(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
