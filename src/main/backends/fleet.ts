import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import type { Turn } from '../../http2/codec/turn.js';
import type { ClusterConfig } from '../config/routing-file.js';
import type { BackendLink } from './backend-link.js';
import { BackendNumbers, backendsOf, buildClusters, type Clusters } from './cluster.js';
import { inTime } from './in-time.js';
import { placeBackends, placeLater, type WorkerCount } from './placement.js';
import { type HostSettings, WorkerHost } from './worker-host.js';

/** How often it is looked whether first attempts have ended, in ms. */
const DIAL_LOOK_MS = 10;

/** What the fleet needs to know of the settings. */
export interface FleetSettings extends HostSettings {
  readonly workers: WorkerCount;
}

/** Clusters of a new configuration, and what it takes to get there. Nothing has happened yet. */
export interface FleetChange {
  readonly clusters: Clusters;
  readonly configs: readonly ClusterConfig[];
  readonly added: readonly BackendLink[];
  readonly retired: readonly BackendLink[];
}

/**
 * Every cluster and the worker threads that own their backends. Backends never move between workers; a new configuration adds
 * some, gives some other connections, and retires some.
 */
export class Fleet {
  readonly hosts: WorkerHost[];
  clusters: Clusters;
  /** Every backend there ever was, by its number. */
  readonly byNumber: BackendLink[];
  private readonly settings: FleetSettings;
  private readonly turn: Turn;
  private readonly log: Logger;
  private readonly onAvailability: () => void;
  private readonly numbers = new BackendNumbers();
  private started = false;

  /** @param onAvailability is called when a connection of any backend opened, closed or got an address */
  constructor(
    configs: readonly ClusterConfig[],
    settings: FleetSettings,
    turn: Turn,
    log: Logger,
    onAvailability: () => void,
  ) {
    this.settings = settings;
    this.turn = turn;
    this.log = log;
    this.onAvailability = onAvailability;
    this.clusters = buildClusters(configs, this.numbers);
    const backends = backendsOf(this.clusters);
    this.byNumber = [...backends];
    for (const backend of backends) backend.onAvailability = onAvailability;
    this.hosts = placeBackends(backends.length, settings.workers, availableParallelism()).map((indexes, id) =>
      this.host(
        id,
        indexes.map((index) => backends[index]!),
      ),
    );
  }

  private host(id: number, backends: readonly BackendLink[]): WorkerHost {
    return new WorkerHost(id, backends, this.settings, this.turn, this.log);
  }

  async start(): Promise<void> {
    this.started = true;
    await Promise.all(this.hosts.map((host) => host.start()));
  }

  /**
   * Resolves when each of these backends can take calls, or every one of its connections has failed to dial for the first time,
   * or `limitMs` is over: one that is down is routed around.
   */
  async untilDialled(backends: readonly BackendLink[], limitMs: number): Promise<void> {
    const limit = performance.now() + limitMs;
    let left = backends;
    while (performance.now() < limit) {
      left = left.filter((backend) => !backend.isOpen() && backend.isAnyExpected);
      if (left.length === 0) return;
      // A thread that is stuck does not answer: the limit counts all the same.
      const dialling = await this.dialling(limit - performance.now());
      left = left.filter(({ index }) => dialling.has(index));
      await after(DIAL_LOOK_MS);
    }
  }

  /** Numbers of the backends with an attempt under way whose end is not known yet, as far as threads answer within `ms`. */
  private async dialling(ms: number): Promise<ReadonlySet<number>> {
    const snapshots = await Promise.all(this.hosts.map((host) => inTime(host.snapshot(), ms)));
    const backends = snapshots.flatMap((snapshot) => snapshot?.backends ?? []);
    // A connection that is open there and not here yet is about to be known.
    const busy = backends.filter(({ connections }) =>
      connections.some(({ state }) => state === 'dialling' || state === 'open'),
    );
    return new Set(busy.map(({ index }) => index));
  }

  /** The worker that owns a backend; there is one while the routing file has it. */
  hostOf(backend: BackendLink): WorkerHost {
    return this.hosts.find((host) => host.owns(backend))!;
  }

  /** Works out what a new configuration means. */
  plan(configs: readonly ClusterConfig[]): FleetChange {
    const clusters = buildClusters(configs, this.numbers, this.clusters);
    const before = backendsOf(this.clusters);
    const after = backendsOf(clusters);
    return {
      clusters,
      configs,
      added: after.filter((backend) => !before.includes(backend)),
      retired: before.filter((backend) => !after.includes(backend)),
    };
  }

  /** Takes on what is new, so that it can be routed to; what is not configured any more still serves. */
  async extend({ clusters, configs, added }: FleetChange): Promise<void> {
    const additions = new Map<WorkerHost, BackendLink[]>(this.hosts.map((host) => [host, []]));
    for (const backend of added) {
      backend.onAvailability = this.onAvailability;
      this.byNumber[backend.index] = backend;
      const counts = this.hosts.map((host) => host.backendCount + additions.get(host)!.length);
      const at = placeLater(counts, this.settings.workers, availableParallelism());
      if (at === this.hosts.length) {
        const host = this.host(at, []);
        this.hosts.push(host);
        additions.set(host, []);
        if (this.started) await host.start();
      }
      additions.get(this.hosts[at]!)!.push(backend);
    }
    const updated: BackendLink[] = [];
    for (const { name, backends } of configs) {
      for (const config of backends) {
        const backend = clusters.get(name)!.backend(config.name)!;
        if (added.includes(backend)) continue;
        if (backend.reconnect(config.connections)) updated.push(backend);
        const material = config.tls?.certificates.material;
        if (material !== undefined && backend.securedOtherwise(material)) {
          await this.hostOf(backend).renew(backend, material);
        }
      }
    }
    await Promise.all(
      this.hosts.map((host) =>
        host.configure(
          additions.get(host)!,
          updated.filter((backend) => host.owns(backend)),
        ),
      ),
    );
  }

  /** The new configuration routes now: what it does not have gets no more calls. */
  settle({ clusters, retired }: FleetChange): void {
    this.clusters = clusters;
    for (const backend of retired) {
      backend.retire(clusters.get(backend.clusterName)?.backend(backend.name));
      this.hostOf(backend).retire(backend);
    }
    this.onAvailability();
  }

  /** Calls in flight. */
  get callCount(): number {
    return this.hosts.reduce((sum, host) => sum + host.callCount, 0);
  }

  /** Ends every thread. */
  async stop(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.stop()));
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
