import { setFlagsFromString } from 'node:v8';

/** The next full collection is due when the heap has grown by so much, in percent. */
const GROWTH_PERCENT = 300;

/**
 * Has V8 wait for four times what the last full collection left, in this thread and in those that are started from now on. That
 * is the most it allows itself; but it settles for a few MiB in a process that was idle for a second, and every read and every
 * batch is a buffer that counts. Streams then moved 30 MB from one minor collection to the next, which frees them all, and had a
 * full one every 30 ms, which freed nothing: twice the CPU time a byte (docs/performance.md).
 */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
