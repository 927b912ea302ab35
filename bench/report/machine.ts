import { execFile } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

/** What the figures belong to. */
export interface Machine {
  /** ISO 8601. */
  readonly date: string;
  readonly command: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly system: string;
  /** By program, as it says of itself; those that are not installed are missing. */
  readonly versions: Readonly<Record<string, string>>;
}

/** @param command what was typed */
export async function describeMachine(command: string): Promise<Machine> {
  const versions: Record<string, string> = { node: process.version };
  for (const [name, ...args] of [
    ['haproxy', '-v'],
    ['nginx', '-v'],
    ['h2load', '--version'],
  ] as const) {
    const version = await versionOf(name, args);
    if (version !== undefined) versions[name] = version;
  }
  return {
    date: new Date().toISOString(),
    command,
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    versions,
  };
}

async function versionOf(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    // nginx says it on stderr.
    const { stdout, stderr } = await promisify(execFile)(program, args);
    return /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0];
  } catch {
    return undefined;
  }
}
