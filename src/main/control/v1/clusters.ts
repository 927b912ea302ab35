import type { WorkerSnapshot } from '../../../port/control-messages.js';
import type { BackendLink } from '../../backends/backend-link.js';
import type { WorkerHost } from '../../backends/worker-host.js';
import type { Lookup } from '../lookup.js';

/** A worker that is stuck must not make its operator wait. */
const WORKER_PATIENCE_MS = 2000;

/** `afrouter.v1.Cluster`. */
export interface ClusterMessage {
  readonly name: string;
  readonly backends: readonly BackendMessage[];
}

/** `afrouter.v1.Backend`. */
export interface BackendMessage {
  readonly cluster: string;
  readonly name: string;
  readonly drained: boolean;
  readonly worker: string;
  readonly connections: readonly ConnectionMessage[];
}

/** `afrouter.v1.Connection`. */
export interface ConnectionMessage {
  readonly name: string;
  readonly address: string;
  readonly state: string;
  readonly drained: boolean;
  readonly dials: number;
  readonly lastError: string;
  readonly openStreams: number;
  readonly waitingStreams: number;
}

type Snapshots = ReadonlyMap<WorkerHost, WorkerSnapshot | undefined>;

/** Tells how clusters stand: what the main thread knows, and what the workers do. */
export class ClusterStates {
  private readonly lookup: Lookup;

  constructor(lookup: Lookup) {
    this.lookup = lookup;
  }

  /** `ListClusters`. @param name `''` for all */
  async list(name: string): Promise<ClusterMessage[]> {
    const clusters = this.lookup.clustersNamed(name);
    const snapshots = await this.ask(clusters.flatMap(({ backends }) => backends));
    return clusters.map((cluster) => ({
      name: cluster.name,
      backends: cluster.backends.map((backend) => this.tell(backend, snapshots)),
    }));
  }

  async backend(backend: BackendLink): Promise<BackendMessage> {
    return this.tell(backend, await this.ask([backend]));
  }

  private async ask(backends: readonly BackendLink[]): Promise<Snapshots> {
    const hosts = [...new Set(backends.map((backend) => this.lookup.hostOf(backend)))];
    return new Map(await Promise.all(hosts.map(async (host) => [host, await snapshotOf(host)] as const)));
  }

  private tell(backend: BackendLink, snapshots: Snapshots): BackendMessage {
    const host = this.lookup.hostOf(backend);
    const states = snapshots.get(host)?.backends.find(({ index }) => index === backend.index)?.connections;
    return {
      cluster: backend.clusterName,
      name: backend.name,
      drained: backend.isDrained,
      worker: host.name,
      connections: backend.connectionNames.flatMap((name, index) => {
        if (!backend.hasConnection(index)) return [];
        const { addr, port, drained } = backend.connection(index);
        const state = states?.[index];
        return {
          name,
          address: addr === '' ? '' : addr.includes(':') ? `[${addr}]:${port}` : `${addr}:${port}`,
          state: state?.state.toUpperCase() ?? 'STATE_UNSPECIFIED',
          drained,
          dials: state?.dials ?? 0,
          lastError: state?.lastError ?? '',
          openStreams: state?.streams ?? 0,
          waitingStreams: state?.waiting ?? 0,
        };
      }),
    };
  }
}

/** @returns undefined when the thread does not answer in time, or has just ended */
async function snapshotOf(host: WorkerHost): Promise<WorkerSnapshot | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, WORKER_PATIENCE_MS, undefined);
  });
  try {
    return await Promise.race([host.snapshot().catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
