import type { BackendConfig, ClusterConfig } from '../config/routing-file.js';
import type { RoutableCluster } from '../routing/route.js';
import { SerialNumbers } from '../routing/transaction-id.js';
import { BackendLink } from './backend-link.js';

/** Allots the numbers by which records on the ports name backends; none is used twice. */
export class BackendNumbers {
  private last = -1;

  next(): number {
    return ++this.last;
  }
}

/** A named set of backends that are alternatives to each other, in the order of the configuration. */
export class Cluster implements RoutableCluster {
  readonly name: string;
  readonly backends: readonly BackendLink[];
  private readonly serials: SerialNumbers;
  private readonly byName: ReadonlyMap<string, BackendLink>;

  /** @param before the cluster of that name in the configuration before: its backends stay where they are the same */
  constructor(config: ClusterConfig, numbers: BackendNumbers, before: Cluster | undefined) {
    this.name = config.name;
    this.serials = before?.serials ?? new SerialNumbers();
    const build = (backend: BackendConfig): BackendLink => {
      const known = before?.backend(backend.name);
      if (known?.is(backend) === true) return known;
      return new BackendLink(numbers.next(), config.name, backend, this.serials, known?.durations);
    };
    this.backends = config.backends.map(build);
    this.byName = new Map(this.backends.map((backend) => [backend.name, backend]));
  }

  backend(name: string): BackendLink | undefined {
    return this.byName.get(name);
  }
}

export type Clusters = ReadonlyMap<string, Cluster>;

/** Every cluster of the configuration by name. @param before the clusters of the configuration before */
export function buildClusters(
  configs: readonly ClusterConfig[],
  numbers: BackendNumbers,
  before: Clusters = new Map(),
): Clusters {
  return new Map(configs.map((config) => [config.name, new Cluster(config, numbers, before.get(config.name))]));
}

export function backendsOf(clusters: Clusters): BackendLink[] {
  return [...clusters.values()].flatMap(({ backends }) => backends);
}
