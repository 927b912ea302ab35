import { spawn } from 'node:child_process';

export interface Finished {
  /** Exit code; null when it was killed. */
  readonly code: number | null;
  /** Standard output and error. */
  readonly output: string;
}

/** Runs a program to its end; it is killed after `limitMs`. */
export function runProgram(file: string, args: readonly string[], limitMs: number): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs, killSignal: 'SIGKILL' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
