import { getHeapStatistics } from 'node:v8';
import type { MessagePort } from 'node:worker_threads';
import { ScratchPool } from '../http2/codec/scratch-pool.js';
import { Turn } from '../http2/codec/turn.js';
import type { HeaderList } from '../http2/hpack/header-list.js';
import { SharedHeaderLists } from '../http2/hpack/shared-header-lists.js';
import { newFlowCounters } from '../http2/session/flow-counters.js';
import { newLimitCounters } from '../http2/session/limit-counters.js';
import type { SessionOptions } from '../http2/session/options.js';
import type { ThreadLog } from '../observability/log.js';
import { LoopMonitor } from '../observability/loop-monitor.js';
import type {
  BackendPlan,
  CertificatesTask,
  ConfigureTask,
  DrainTask,
  MoveTask,
  RequestSnapshot,
  RequestsTask,
  RetireMessage,
  WorkerSettings,
  WorkerSnapshot,
} from '../port/control-messages.js';
import { WorkerPortReader, type WorkerRecordHandler } from '../port/port-reader.js';
import { PortWriter } from '../port/port-writer.js';
import { creditStep, RecordFlag } from '../port/records.js';
import { Backend } from './backend/backend.js';
import type { BackendContext } from './backend/backend-context.js';
import { methodKind } from './backend/method-kind.js';
import { ReplayBudget } from './backend/replay-budget.js';
import type { Request } from './backend/request.js';
import { RequestRegistry } from './backend/request-registry.js';

/** How often connections and stalled replicas are looked at, in ms. */
const SWEEP_MS = 1000;

/** Everything one worker thread does: its backends, their requests, and the port to the main thread. */
export class BackendWorker implements WorkerRecordHandler {
  private readonly backends = new Map<number, Backend>();
  private readonly registry = new RequestRegistry();
  private readonly limits = newLimitCounters();
  private readonly flow = newFlowCounters();
  private readonly loop = new LoopMonitor();
  private readonly reader = new WorkerPortReader(this);
  private readonly context: BackendContext;
  private readonly sweeper: NodeJS.Timeout;

  constructor(port: MessagePort, settings: WorkerSettings, plans: readonly BackendPlan[], log: ThreadLog) {
    const turn = new Turn();
    // A backend opens no streams; what a slow one does not take is the call's matter, not the connection's.
    const options: SessionOptions = {
      ...settings,
      maxConcurrentStreams: 0,
      stallTimeoutMs: 0,
      keepaliveMs: settings.backendKeepaliveMs,
      keepaliveIdle: settings.backendKeepaliveIdle,
      counters: this.limits,
      flow: this.flow,
    };
    this.context = {
      settings,
      port: new PortWriter(port, turn),
      log: log.area('backend'),
      turn,
      creditStep: creditStep(settings.streamWindow),
      replay: new ReplayBudget(settings.replayBytes),
      connections: {
        session: { turn, scratch: new ScratchPool(), sharedLists: new SharedHeaderLists(4096) },
        options,
        log: log.area('southbound'),
        connectTimeoutMs: settings.connectTimeoutMs,
        reconnectMinMs: settings.reconnectMinMs,
        reconnectMaxMs: settings.reconnectMaxMs,
        retryWaitMs: settings.retryWaitMs,
      },
    };
    for (const plan of plans) this.backends.set(plan.index, new Backend(plan, this.context, this.registry));
    port.on('message', (message: ArrayBuffer | RetireMessage) => {
      if (message instanceof ArrayBuffer) this.reader.read(message);
      else this.backends.get(message.backend)?.retire();
    });
    for (const backend of this.backends.values()) backend.start();
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS);
  }

  onOpen(
    slot: number,
    generation: number,
    flags: number,
    backend: number,
    connection: number,
    associationId: string,
    headers: HeaderList,
  ): void {
    const halfClosed = (flags & RecordFlag.END) !== 0;
    const report = (flags & RecordFlag.REPORT) !== 0;
    this.backends
      .get(backend)!
      .open(slot, generation, methodKind(flags), connection, associationId, headers, halfClosed, report);
  }

  onData(slot: number, generation: number, buf: Buffer, start: number, end: number, last: boolean): void {
    this.registry.get(slot, generation)?.onData(buf, start, end, last);
  }

  onCancel(slot: number, generation: number): void {
    this.registry.get(slot, generation)?.onCancel();
  }

  onCredit(slot: number, generation: number, bytes: number): void {
    this.registry.get(slot, generation)?.onCredit(bytes);
  }

  private sweep(): void {
    const now = performance.now();
    for (const backend of this.backends.values()) {
      backend.sweep(now);
      if (backend.retired && !backend.busy) this.backends.delete(backend.index);
    }
    for (const request of this.registry) {
      request.tidy();
      request.backend.dropStalled(request, now);
    }
  }

  /** Task `move`. */
  move(task: MoveTask): void {
    this.backends.get(task.backend)!.connections[task.connection]!.move(task.addr, task.port);
  }

  /** Task `certificates`. */
  renewCertificates(task: CertificatesTask): void {
    this.backends.get(task.backend)!.renewCertificates(task.material);
  }

  /** Task `drain`. */
  drain(task: DrainTask): void {
    this.backends.get(task.backend)!.connections[task.connection]!.setDrained(task.drained);
  }

  /** Task `requests`. */
  requestSnapshots({ calls }: RequestsTask): (RequestSnapshot | undefined)[] {
    return calls.map(([slot, generation]) => this.registry.get(slot, generation)?.snapshot());
  }

  /** Task `configure`. */
  configure({ add, update }: ConfigureTask): void {
    for (const plan of add) {
      const backend = new Backend(plan, this.context, this.registry);
      this.backends.set(plan.index, backend);
      backend.start();
    }
    for (const plan of update) this.backends.get(plan.index)!.update(plan.connections);
  }

  /** Task `snapshot`. */
  snapshot(): WorkerSnapshot {
    const requests = new Map<Backend, Request[]>([...this.backends.values()].map((backend) => [backend, []]));
    for (const request of this.registry) requests.get(request.backend)!.push(request);
    const { used_heap_size: heapUsedBytes, heap_size_limit: heapLimitBytes } = getHeapStatistics();
    const { batches, bytes } = this.context.port;
    return {
      backends: [...requests].map(([backend, its]) => backend.snapshot(its)),
      limits: this.limits,
      flow: this.flow,
      loop: this.loop.read(),
      heapUsedBytes,
      heapLimitBytes,
      batches,
      bytes,
      batchesRead: this.reader.batches,
    };
  }

  /** Task `stop`: closes every connection; the thread ends with its pool. */
  stop(): void {
    clearInterval(this.sweeper);
    for (const backend of this.backends.values()) backend.close();
  }
}
