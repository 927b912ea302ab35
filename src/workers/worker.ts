/**
 * The entry of a worker thread: the named tasks that Piscina runs here. They are the control plane; calls come over the port
 * handed over in the first task.
 */
import { ThreadLog, WORKER_AREAS } from '../observability/log.js';
import type {
  CertificatesTask,
  ConfigureTask,
  DrainTask,
  LogLevelsTask,
  MoveTask,
  RequestSnapshot,
  RequestsTask,
  StartTask,
  WorkerSnapshot,
} from '../port/control-messages.js';
import { BackendWorker } from './backend-worker.js';

/** What lives as long as the thread. Piscina's tasks are plain functions, so it can only stand here. */
let worker: BackendWorker | undefined;
let log: ThreadLog | undefined;

/** Task `start`: takes the port and begins to dial. The first task of a thread. */
export function start(task: StartTask): void {
  log = new ThreadLog(task.logLevels, task.name, WORKER_AREAS);
  worker = new BackendWorker(task.port, task.settings, task.backends, log);
}

/** Task `move`: a connection gets a new address. */
export function move(task: MoveTask): void {
  started().move(task);
}

/** Task `certificates`: a backend has new certificates. */
export function certificates(task: CertificatesTask): void {
  started().renewCertificates(task);
}

/** Task `drain`: a connection takes no new legs any more, or takes them again. */
export function drain(task: DrainTask): void {
  started().drain(task);
}

/** Task `requests`: how the legs of some calls stand. */
export function requests(task: RequestsTask): (RequestSnapshot | undefined)[] {
  return started().requestSnapshots(task);
}

/** Task `setLogLevels`: what the thread logs from now on. */
export function setLogLevels({ levels }: LogLevelsTask): void {
  log?.setLevels(levels);
}

/** Task `configure`: backends come, change and go. */
export function configure(task: ConfigureTask): void {
  started().configure(task);
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
