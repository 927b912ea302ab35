import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import type { RoutableBackend, RoutableCluster } from './route.js';
import type { RouteState } from './route-state.js';

/** One route's position in its cluster: whose turn it is. Each route has its own. */
export class RoundRobinTurn {
  private readonly cluster: RoutableCluster;
  private readonly routeName: string;
  private readonly state: RouteState;

  constructor(cluster: RoutableCluster, routeName: string, state: RouteState) {
    this.cluster = cluster;
    this.routeName = routeName;
    this.state = state;
  }

  /** The next backend that is not drained and has an open connection; where none has, the next whose connection is about to be back. */
  next(): RoutableBackend | RpcError {
    return this.nextThat(isReady) ?? this.nextThat(takesNew) ?? this.none();
  }

  private nextThat(suits: (backend: RoutableBackend) => boolean): RoutableBackend | undefined {
    const { state } = this;
    const { backends } = this.cluster;
    if (state.position >= backends.length) state.position = 0;
    for (let i = 0; i < backends.length; i++) {
      const backend = backends[state.position]!;
      state.position = state.position + 1 === backends.length ? 0 : state.position + 1;
      if (suits(backend)) return backend;
    }
    return undefined;
  }

  private none(): RpcError {
    return new RpcError(
      Status.UNAVAILABLE,
      `route ${this.routeName}: no backend of cluster ${this.cluster.name} that takes new calls has an open connection`,
    );
  }
}

function isReady(backend: RoutableBackend): boolean {
  return backend.takesNew() && !backend.isRedialling();
}

function takesNew(backend: RoutableBackend): boolean {
  return backend.takesNew();
}

/** A sticky choice never falls over to another backend: unavailable is UNAVAILABLE. */
export function notOpen(routeName: string, backend: RoutableBackend): RpcError {
  return new RpcError(Status.UNAVAILABLE, `route ${routeName}: backend ${backend.name} has no open connection`);
}
