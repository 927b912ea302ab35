import type { ControlClient } from './control-client.js';
import type { CtlOptions, SpecialFlag } from './options.js';
import { UsageError } from './usage-error.js';

/** What a command works with. */
export interface CommandContext {
  readonly client: ControlClient;
  /** What stands after the command's name. */
  readonly args: readonly string[];
  readonly flags: CtlOptions['flags'];
  readonly json: boolean;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
}

/** One command of `afrouter ctl`. */
export interface Command {
  /** As it is typed, for help: `calls [--older-than SECONDS]`. */
  readonly usage: readonly string[];
  /** What it does, in a line. */
  readonly summary: string;
  /** Flags that it takes beside those of every command. */
  readonly flags: readonly SpecialFlag[];
  /** @throws UsageError, ServiceError (rejects) */
  run(context: CommandContext): Promise<void>;
}

/** Exactly these arguments, by name. @throws UsageError */
export function expectArgs(args: readonly string[], ...names: readonly string[]): readonly string[] {
  if (args.length < names.length) throw new UsageError(`${names[args.length]} is missing`);
  if (args.length > names.length) throw new UsageError(`${JSON.stringify(args[names.length])} is too much`);
  return args;
}

/** Prints what a script wants: one JSON value on one line. */
export function printJson({ print }: CommandContext, value: unknown): void {
  print(`${JSON.stringify(value)}\n`);
}
