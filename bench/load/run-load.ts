import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LoadResult, LoadSpec } from './spec.js';

const GENERATOR = fileURLToPath(new URL('./generator.js', import.meta.url));

/** A generator that has reported and still holds what it opened. */
export interface HeldLoad {
  readonly result: LoadResult;
  /** Lets everything go. */
  end(): Promise<void>;
}

/** Starts a generator and waits for its report. @throws Error (rejects) when it ends without one */
export async function holdLoad(spec: LoadSpec): Promise<HeldLoad> {
  const child = spawn(process.execPath, [GENERATOR, JSON.stringify(spec)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await firstLine(child);
  if (line === undefined) throw new Error(`the load generator failed at ${JSON.stringify(spec)}`);
  return {
    result: JSON.parse(line) as LoadResult,
    async end() {
      const exit = once(child, 'exit');
      child.stdin!.end();
      await exit;
    },
  };
}

/** Runs a generator to its end. */
export async function runLoad(spec: LoadSpec): Promise<LoadResult> {
  const load = await holdLoad(spec);
  await load.end();
  return load.result;
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  for await (const line of createInterface({ input: child.stdout! })) return line;
  return undefined;
}
