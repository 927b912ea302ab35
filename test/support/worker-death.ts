/**
 * Loaded into every thread of a daemon by NODE_OPTIONS=--import: a worker thread dies of an exception that nobody catches when
 * the file named by AFTEST_DEATH appears. One file is one death. Nothing in the router itself knows of this.
 */
import { unlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const LOOK_MS = 20;
const file = process.env.AFTEST_DEATH;

/** True for the one thread that took the file away. */
function taken(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

if (!isMainThread && file !== undefined) {
  setInterval(() => {
    if (taken(file)) throw new Error('a test ends this worker');
  }, LOOK_MS).unref();
}
