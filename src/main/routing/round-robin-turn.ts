import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import type { RoutableBackend, RoutableCluster } from './route.js';

/** One route's position in its cluster: whose turn it is. Each route has its own. */
export class RoundRobinTurn {
  private readonly cluster: RoutableCluster;
  private readonly routeName: string;
  private position = 0;

  constructor(cluster: RoutableCluster, routeName: string) {
    this.cluster = cluster;
    this.routeName = routeName;
  }

  /** The next backend that has an open connection and is not drained. */
  next(): RoutableBackend | RpcError {
    const { backends } = this.cluster;
    for (let i = 0; i < backends.length; i++) {
      const backend = backends[this.position]!;
      this.position = this.position + 1 === backends.length ? 0 : this.position + 1;
      if (backend.takesNew()) return backend;
    }
    return new RpcError(
      Status.UNAVAILABLE,
      `route ${this.routeName}: no backend of cluster ${this.cluster.name} that takes new calls has an open connection`,
    );
  }
}

/** A sticky choice never falls over to another backend: unavailable is UNAVAILABLE. */
export function notOpen(routeName: string, backend: RoutableBackend): RpcError {
  return new RpcError(Status.UNAVAILABLE, `route ${routeName}: backend ${backend.name} has no open connection`);
}
