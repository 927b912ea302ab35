import type { BackendSnapshot } from '../../../port/control-messages.js';
import type { BackendLink } from '../../backends/backend-link.js';
import type { WorkerHost } from '../../backends/worker-host.js';
import type { Lookup } from '../lookup.js';
import type { WorkerAnswers } from './worker-answers.js';

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

/** What the worker of a backend says of it; gathered before anything is awaited, since a reload may retire the backend. */
interface Owned {
  readonly worker: string;
  readonly state: BackendSnapshot | undefined;
}

/** Tells how clusters stand: what the main thread knows, and what the workers do. */
export class ClusterStates {
  private readonly lookup: Lookup;
  private readonly workers: WorkerAnswers;

  constructor(lookup: Lookup, workers: WorkerAnswers) {
    this.lookup = lookup;
    this.workers = workers;
  }

  /** `ListClusters`. @param name `''` for all */
  async list(name: string): Promise<ClusterMessage[]> {
    const clusters = this.lookup.clustersNamed(name);
    const owned = await this.ask(clusters.flatMap(({ backends }) => backends));
    return clusters.map((cluster) => ({
      name: cluster.name,
      backends: cluster.backends.map((backend) => tell(backend, owned.get(backend))),
    }));
  }

  async backend(backend: BackendLink): Promise<BackendMessage> {
    return tell(backend, (await this.ask([backend])).get(backend));
  }

  private async ask(backends: readonly BackendLink[]): Promise<ReadonlyMap<BackendLink, Owned>> {
    const byHost = new Map<WorkerHost, BackendLink[]>();
    for (const backend of backends) {
      const host = this.lookup.hostOf(backend);
      if (host !== undefined) byHost.set(host, [...(byHost.get(host) ?? []), backend]);
    }
    const owned = new Map<BackendLink, Owned>();
    await Promise.all(
      [...byHost].map(async ([host, its]) => {
        const snapshot = await this.workers.ask(host, (asked) => asked.snapshot());
        for (const backend of its) {
          const state = snapshot?.backends.find(({ index }) => index === backend.index);
          owned.set(backend, { worker: host.name, state });
        }
      }),
    );
    return owned;
  }
}

/** @param owned undefined when a new configuration has just removed the backend */
function tell(backend: BackendLink, owned: Owned | undefined): BackendMessage {
  return {
    cluster: backend.clusterName,
    name: backend.name,
    drained: backend.isDrained,
    worker: owned?.worker ?? '',
    connections: backend.connectionNames.flatMap((name, index) => {
      if (!backend.hasConnection(index)) return [];
      const { addr, port, drained } = backend.connection(index);
      const state = owned?.state?.connections[index];
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
