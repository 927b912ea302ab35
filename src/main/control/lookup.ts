import { Status } from '../../grpc/status-code.js';
import type { BackendLink } from '../backends/backend-link.js';
import type { Cluster } from '../backends/cluster.js';
import type { Fleet } from '../backends/fleet.js';
import type { WorkerHost } from '../backends/worker-host.js';
import type { RouteMemory, Routers } from '../routing/build-routers.js';
import { ControlError } from './control-error.js';

/** `afrouter.v1.Route`; null when the field is absent. */
export interface RouteName {
  readonly router: string;
  readonly route: string;
  readonly service: string;
}

/** Finds what requests name, and says which name is unknown. */
export class Lookup {
  private readonly fleet: Fleet;
  private readonly routers: () => Routers;

  /** @param routers those in use */
  constructor(fleet: Fleet, routers: () => Routers) {
    this.fleet = fleet;
    this.routers = routers;
  }

  /** The clusters with that name, or all for `''`. */
  clustersNamed(name: string): readonly Cluster[] {
    if (name === '') return [...this.fleet.clusters.values()];
    const cluster = this.fleet.clusters.get(name);
    if (cluster === undefined) throw unknown('cluster', name);
    return [cluster];
  }

  /** @param clusterName may be `''` when only one cluster has a backend of that name */
  backend(clusterName: string, backendName: string): BackendLink {
    const found = this.clustersNamed(clusterName).flatMap((cluster) => cluster.backend(backendName) ?? []);
    if (found.length === 0) throw unknown('backend', backendName, clusterName && `in cluster ${clusterName}`);
    if (found.length > 1) {
      const names = found.map((backend) => backend.clusterName).join(', ');
      throw new ControlError(Status.FAILED_PRECONDITION, `backend ${backendName} is in clusters ${names}: name one`);
    }
    return found[0]!;
  }

  /** Index of a connection in its backend. */
  connection(backend: BackendLink, name: string): number {
    const index = backend.connectionNames.indexOf(name);
    if (index < 0 || !backend.hasConnection(index)) throw unknown('connection', name, `of backend ${backend.name}`);
    return index;
  }

  /** The worker that owns a backend; undefined when a new configuration has removed the backend. */
  hostOf(backend: BackendLink): WorkerHost | undefined {
    return this.fleet.hostOf(backend);
  }

  /** What one route remembers. */
  memory(name: RouteName | null): RouteMemory {
    const { router = '', route = '', service = '' } = name ?? {};
    const memories = this.routers().memoriesOf(router);
    if (memories === undefined) throw unknown('router', router);
    const named = memories.filter(({ config }) => config.name === route);
    if (named.length === 0) throw unknown('route', route, `in router ${router}`);
    const found = service === '' ? named : named.filter((memory) => memory.service === service);
    if (found.length === 0) throw unknown('service', service, `with route ${route} in router ${router}`);
    if (found.length > 1) {
      const services = found.map((memory) => memory.service).join(', ');
      throw new ControlError(Status.FAILED_PRECONDITION, `route ${route} is in services ${services}: name one`);
    }
    return found[0]!;
  }

  /** What every route remembers. */
  allMemories(): readonly RouteMemory[] {
    return this.routers().memories();
  }
}

function unknown(what: string, name: string, where = ''): ControlError {
  return new ControlError(Status.NOT_FOUND, `unknown ${what} ${JSON.stringify(name)} ${where}`.trimEnd());
}
