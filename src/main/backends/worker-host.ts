import { MessageChannel } from 'node:worker_threads';
import type { Logger } from 'pino';
import { Piscina } from 'piscina';
import type { Turn } from '../../http2/codec/turn.js';
import { type LogLevel, type ThreadLevels, WORKER_AREAS } from '../../observability/log.js';
import type {
  CertificateMaterial,
  CertificatesTask,
  ConfigureTask,
  DrainTask,
  LogLevelsTask,
  MoveTask,
  RequestSnapshot,
  RequestsTask,
  StartTask,
  WorkerEvent,
  WorkerSettings,
  WorkerSnapshot,
} from '../../port/control-messages.js';
import type { BackendLink } from './backend-link.js';
import { WorkerPort } from './worker-port.js';

/** Where the compiled worker lies; main never imports it, it is only named to Piscina. */
const WORKER_FILE = new URL('../../workers/worker.js', import.meta.url);

/** A thread that dies at once on every start must not be restarted in a loop. */
const RESTART_DELAY_MS = 500;

/** What a host needs to know of the settings. */
export interface HostSettings extends WorkerSettings {
  /** At the start. */
  readonly logLevel: LogLevel;
}

/**
 * One worker thread and its backends: one Piscina pool of exactly one thread. Named tasks are the control plane; calls go
 * over a port that is handed over in the first task. A thread that dies fails its own calls only, and is replaced.
 */
export class WorkerHost {
  readonly id: number;
  /** What its thread is called in the log, also after it was replaced. */
  readonly name: string;
  readonly backends: BackendLink[];
  private readonly settings: HostSettings;
  private levels: ThreadLevels;
  private readonly turn: Turn;
  private readonly log: Logger;
  private readonly pool: Piscina;
  private port: WorkerPort | null = null;
  private restartTimer: NodeJS.Timeout | null = null;
  private stopping = false;
  /** Times its thread died. */
  deaths = 0;

  constructor(
    id: number,
    backends: readonly BackendLink[],
    settings: HostSettings,
    turn: Turn,
    log: Logger,
    workerFile: URL = WORKER_FILE,
  ) {
    this.id = id;
    this.name = `worker-${id}`;
    this.backends = [...backends];
    const { logLevel: level } = settings;
    this.settings = settings;
    this.levels = { level, areas: Object.fromEntries(WORKER_AREAS.map((area) => [area, level])) };
    this.turn = turn;
    this.log = log.child({ worker: this.name });
    this.pool = new Piscina({
      filename: workerFile.href,
      minThreads: 1,
      maxThreads: 1,
      // Piscina's idle wait would block the thread's event loop, and with it the port and every socket.
      atomics: 'disabled',
      // Several control tasks may be under way at once; none may wait for another.
      concurrentTasksPerWorker: 16,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
    // An exception outside a task comes here; the port's end tells the rest.
    this.pool.on('error', (error: unknown) =>
      this.log.error({ event: 'worker_error', err: error }, 'worker thread failed'),
    );
  }

  /** Hands the thread its port and backends. */
  async start(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const task: StartTask = {
      name: this.name,
      port: port2,
      settings: this.settings,
      logLevels: this.levels,
      backends: this.backends.map((b) => b.plan()),
    };
    const port: WorkerPort = new WorkerPort(
      port1,
      this.turn,
      (event) => this.onEvent(event),
      () => this.onDeath(port),
    );
    this.port = port;
    for (const backend of this.backends) backend.attach(port);
    await this.pool.run(task, { name: 'start', transferList: [port2] });
  }

  private onEvent(event: WorkerEvent): void {
    for (const backend of this.backends) {
      if (backend.index === event.backend) backend.setConnection(event.connection, event.open, event.expected);
    }
  }

  private onDeath(port: WorkerPort): void {
    if (this.port !== port || this.stopping) return;
    this.port = null;
    this.deaths++;
    for (const backend of this.backends) backend.detach();
    this.log.error({ event: 'worker_died', backends: this.backends.map((b) => b.name) }, 'worker thread is replaced');
    this.restartTimer = setTimeout(() => this.restart(), RESTART_DELAY_MS);
  }

  private restart(): void {
    this.restartTimer = null;
    this.start().then(
      () => this.log.info({ event: 'worker_replaced' }, 'worker thread replaced'),
      (error: unknown) => {
        this.log.error({ event: 'worker_start_failed', err: error }, 'worker thread could not be replaced');
        const { port } = this;
        port?.close();
        if (port !== null) this.onDeath(port);
      },
    );
  }

  /**
   * Tells the thread of a change that its backends have taken on here. Without a thread there is nobody to tell, and one that
   * dies of it, or meanwhile, is replaced by one that starts with the change: so it is no failure of whoever asked for it.
   */
  private async tell(name: string, task: object): Promise<void> {
    if (this.port === null) return;
    await this.pool.run(task, { name }).catch((error: unknown) => {
      this.log.error(
        { event: 'worker_change_failed', task: name, err: error },
        'the worker thread did not take a change',
      );
    });
  }

  /** Gives a connection a new address, now and for every thread to come. */
  async move(backend: BackendLink, connection: number, addr: string, port: number): Promise<void> {
    backend.setAddress(connection, addr, port);
    const task: MoveTask = { backend: backend.index, connection, addr, port };
    await this.tell('move', task);
  }

  /** Gives a backend new certificates, now and for every thread to come; open connections stay. */
  async renew(backend: BackendLink, material: CertificateMaterial): Promise<void> {
    backend.setCertificates(material);
    const task: CertificatesTask = { backend: backend.index, material };
    await this.tell('certificates', task);
  }

  /** Stops new legs on a connection or allows them again, now and for every thread to come. */
  async drain(backend: BackendLink, connection: number, drained: boolean): Promise<void> {
    backend.setConnectionDrained(connection, drained);
    const task: DrainTask = { backend: backend.index, connection, drained };
    await this.tell('drain', task);
  }

  get logLevels(): ThreadLevels {
    return this.levels;
  }

  /** Changes what the thread logs, now and for every thread to come. */
  async setLogLevels(levels: ThreadLevels): Promise<void> {
    this.levels = levels;
    if (this.port === null) return;
    const task: LogLevelsTask = { levels };
    await this.pool.run(task, { name: 'setLogLevels' });
  }

  /** How the legs of some calls on its port stand; undefined for calls that are over meanwhile. */
  async requests(calls: RequestsTask['calls']): Promise<readonly (RequestSnapshot | undefined)[]> {
    const task: RequestsTask = { calls };
    return (await this.pool.run(task, { name: 'requests' })) as (RequestSnapshot | undefined)[];
  }

  /**
   * The routing file has changed: takes new backends over, and tells the thread about connections of those that stay.
   * @param updated some of its backends
   */
  async configure(added: readonly BackendLink[], updated: readonly BackendLink[]): Promise<void> {
    this.backends.push(...added);
    const { port } = this;
    if (port === null) return;
    for (const backend of added) backend.attach(port);
    const task: ConfigureTask = { add: added.map((b) => b.plan()), update: updated.map((b) => b.plan()) };
    await this.tell('configure', task);
  }

  /** The backend gets no more calls. */
  retire(backend: BackendLink): void {
    this.port?.retire(backend.index);
    this.backends.splice(this.backends.indexOf(backend), 1);
  }

  /** How many backends it has. */
  get backendCount(): number {
    return this.backends.length;
  }

  /** What the worker holds now. */
  async snapshot(): Promise<WorkerSnapshot> {
    return (await this.pool.run(undefined, { name: 'snapshot' })) as WorkerSnapshot;
  }

  /** What has crossed its port; undefined while there is none. */
  get traffic(): WorkerPort['traffic'] | undefined {
    return this.port?.traffic;
  }

  /** Calls under way on this worker. */
  get callCount(): number {
    return this.port?.callCount ?? 0;
  }

  owns(backend: BackendLink): boolean {
    return this.backends.includes(backend);
  }

  /** Closes the backends' connections and ends the thread. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.restartTimer !== null) clearTimeout(this.restartTimer);
    if (this.port !== null) {
      await this.pool.run(undefined, { name: 'stop' }).catch(() => {
        // A thread that dies here has stopped as well.
      });
      this.port.close();
    }
    await this.pool.destroy();
  }
}
