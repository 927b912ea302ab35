/**
 * The load generator, a process of its own: `node generator.js SPEC` (JSON, see spec.ts) prints one line of JSON with what it
 * measured, or once a load that only stands there stands, and ends when its input does.
 */
import { closedLoop } from './closed-loop.js';
import { idle, stalled } from './holding.js';
import { openLoop } from './open-loop.js';
import type { LoadResult, LoadSpec } from './spec.js';
import { streaming } from './streaming.js';

function run(spec: LoadSpec): Promise<LoadResult> {
  switch (spec.kind) {
    case 'closed':
      return closedLoop(spec);
    case 'open':
      return openLoop(spec);
    case 'streaming':
      return streaming(spec);
    case 'idle':
      return idle(spec);
    case 'stalled':
      return stalled(spec);
  }
}

// Whatever is thrown from here on, also in a callback, ends the process with its message: the bench then has no figure.
process.on('uncaughtException', ({ message }) => {
  process.stderr.write(`load generator: ${message}\n`);
  process.exit(1);
});
const result = await run(JSON.parse(process.argv[2]!) as LoadSpec);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
