import { spawn } from 'node:child_process';
import { within } from './eventually.js';
import { daemonScript } from './paths.js';

/** How `afrouter ctl` ended. */
export interface CtlResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `afrouter ctl ARGS…` until it ends. @param env beside an environment without AFROUTER_ variables */
export function runCtl(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CtlResult> {
  const child = spawnCtl(args, env);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return within(
    `afrouter ctl ${args.join(' ')}`,
    new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err }))),
  );
}

/** Starts it and leaves it to the caller, who has to end it. */
export function spawnCtl(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { PATH = '' } = process.env;
  return spawn(process.execPath, [daemonScript, 'ctl', ...args], {
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
