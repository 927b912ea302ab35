/** Worker thread that posts a message every `workerData` microseconds: Node's timers know only whole milliseconds. */
import { parentPort, workerData } from 'node:worker_threads';

const tickMs = (workerData as number) / 1000;
const never = new Int32Array(new SharedArrayBuffer(4));
let next = performance.now();
for (;;) {
  next += tickMs;
  const wait = next - performance.now();
  if (wait > 0) Atomics.wait(never, 0, 0, wait);
  // Ticks that were slept through are made up for by the next one.
  else next -= wait;
  parentPort!.postMessage(null);
}
