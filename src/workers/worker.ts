/**
 * The entry of a worker thread: the named tasks that Piscina runs here. They are the control plane; calls come over the port
 * handed over in the first task.
 */
import { threadId } from 'node:worker_threads';
import { createLog } from '../observability/log.js';
import type { CertificatesTask, MoveTask, StartTask, WorkerSnapshot } from '../port/control-messages.js';
import { BackendWorker } from './backend-worker.js';

/** The one thing that lives as long as the thread. Piscina's tasks are plain functions, so it can only stand here. */
let worker: BackendWorker | undefined;

/** Task `start`: takes the port and begins to dial. The first task of a thread. */
export function start(task: StartTask): void {
  worker = new BackendWorker(
    task.port,
    task.settings,
    task.backends,
    createLog(task.settings.logLevel, `worker-${threadId}`),
  );
}

/** Task `move`: a connection gets a new address. */
export function move(task: MoveTask): void {
  started().move(task);
}

/** Task `certificates`: a backend has new certificates. */
export function certificates(task: CertificatesTask): void {
  started().renewCertificates(task);
}

/** Task `snapshot`: what the worker holds now. */
export function snapshot(): WorkerSnapshot {
  return started().snapshot();
}

/** Task `stop`: closes every connection. */
export function stop(): void {
  worker?.stop();
}

function started(): BackendWorker {
  if (worker === undefined) throw new Error('the worker has no port yet: task `start` comes first');
  return worker;
}
