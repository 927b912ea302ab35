/** When the router says that it is ready; AFROUTER_READY_POLICY. */
export type ReadyPolicy = 'any' | 'all-backends' | 'all-connections' | 'none';

/** What readiness sees of a backend. */
export interface ProbedBackend {
  readonly name: string;
  readonly connectionNames: readonly string[];
  isOpen(): boolean;
  isConnectionOpen(index: number): boolean;
  /** False while nobody expects the connection to be open: it waits for an address, or an operator drained it. */
  isExpected(index: number): boolean;
}

/** What readiness sees of a cluster. */
export interface ProbedCluster {
  readonly name: string;
  readonly backends: readonly ProbedBackend[];
}

/**
 * Whether calls can be served, and if not, why: for `/readyz` and `grpc.health.v1.Health`.
 *
 *     starting ──(ports open)──▶ started ──(SIGTERM)──▶ draining
 *
 * Only a started router can be ready; whether it is depends on its clusters and the policy:
 *
 * | policy | every cluster needs |
 * |---|---|
 * | `any` | one open connection |
 * | `all-backends` | one open connection of each backend |
 * | `all-connections` | every connection open |
 * | `none` | nothing |
 *
 * A connection that has no address yet or is drained does not count, and neither does a backend or a cluster that has no other.
 */
export class Readiness {
  readonly policy: ReadyPolicy;
  private clusters: ReadonlyMap<string, ProbedCluster> = new Map();
  private services: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  private phase: 'starting' | 'started' | 'draining' = 'starting';
  private readonly watchers = new Set<() => void>();

  constructor(policy: ReadyPolicy) {
    this.policy = policy;
  }

  /** A configuration is in use. @param services names of the clusters that a service (`package.Service`) leads to */
  configure(clusters: ReadonlyMap<string, ProbedCluster>, services: ReadonlyMap<string, ReadonlySet<string>>): void {
    this.clusters = clusters;
    this.services = services;
    this.changed();
  }

  /** Every port is open. */
  started(): void {
    this.phase = 'started';
    this.changed();
  }

  /** No new calls are wanted: never ready again. */
  drain(): void {
    this.phase = 'draining';
    this.changed();
  }

  get draining(): boolean {
    return this.phase === 'draining';
  }

  /** A connection opened, closed or got an address, or something was drained or brought back. */
  changed(): void {
    for (const watcher of [...this.watchers]) watcher();
  }

  /** Calls `watcher` whenever an answer of this object may have changed. Returns what ends that. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Why the router is not ready; empty when it is. */
  reasons(): string[] {
    if (this.phase !== 'started') return [this.phase];
    return [...this.clusters.values()].flatMap((cluster) => this.lacks(cluster));
  }

  /**
   * Whether a service can be called. @param service `package.Service`, or `''` for the whole router
   * @returns undefined when there is no such service
   */
  serves(service: string): boolean | undefined {
    if (service === '') return this.reasons().length === 0;
    const clusters = this.services.get(service);
    if (clusters === undefined) return undefined;
    return this.phase === 'started' && [...clusters].every((name) => this.lacks(this.clusters.get(name)!).length === 0);
  }

  private lacks(cluster: ProbedCluster): string[] {
    switch (this.policy) {
      case 'none':
        return [];
      case 'any': {
        const known = cluster.backends.filter(isKnown);
        if (known.length === 0 || known.some((backend) => backend.isOpen())) return [];
        return [`cluster ${cluster.name}: no backend has an open connection`];
      }
      case 'all-backends':
        return cluster.backends
          .filter((backend) => isKnown(backend) && !backend.isOpen())
          .map(({ name }) => `cluster ${cluster.name}: backend ${name} has no open connection`);
      case 'all-connections':
        return cluster.backends.flatMap((backend) =>
          backend.connectionNames
            .filter((_, i) => backend.isExpected(i) && !backend.isConnectionOpen(i))
            .map((name) => `cluster ${cluster.name}: connection ${name} of backend ${backend.name} is not open`),
        );
    }
  }
}

function isKnown(backend: ProbedBackend): boolean {
  return backend.connectionNames.some((_, i) => backend.isExpected(i));
}
