import type { ClusterConfig } from '../config/routing-file.js';
import type { RoutableCluster } from '../routing/route.js';
import { SerialNumbers } from '../routing/transaction-id.js';
import { BackendLink } from './backend-link.js';

/** A named set of backends that are alternatives to each other, in the order of the configuration. */
export class Cluster implements RoutableCluster {
  readonly name: string;
  readonly backends: readonly BackendLink[];
  private readonly byName: ReadonlyMap<string, BackendLink>;

  /** @param firstIndex number of its first backend in the process */
  constructor(config: ClusterConfig, firstIndex: number) {
    this.name = config.name;
    const serials = new SerialNumbers();
    this.backends = config.backends.map((b, i) => new BackendLink(firstIndex + i, config.name, b, serials));
    this.byName = new Map(this.backends.map((backend) => [backend.name, backend]));
  }

  backend(name: string): BackendLink | undefined {
    return this.byName.get(name);
  }
}

/** Every cluster of the configuration by name; backends are numbered through. */
export function buildClusters(configs: readonly ClusterConfig[]): ReadonlyMap<string, Cluster> {
  const clusters = new Map<string, Cluster>();
  let index = 0;
  for (const config of configs) {
    clusters.set(config.name, new Cluster(config, index));
    index += config.backends.length;
  }
  return clusters;
}
