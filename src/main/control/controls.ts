import type { Cluster } from '../backends/cluster.js';
import type { WorkerHost } from '../backends/worker-host.js';
import type { Routers } from '../routing/build-routers.js';
import type { AffinityChange, ConnectionChange, Controls } from './configuration-api.js';

/** What the control API's calls do. Every unknown name is said. */
export class RouterControls implements Controls {
  private readonly clusters: ReadonlyMap<string, Cluster>;
  private readonly routers: Routers;
  private readonly hosts: readonly WorkerHost[];

  constructor(clusters: ReadonlyMap<string, Cluster>, routers: Routers, hosts: readonly WorkerHost[]) {
    this.clusters = clusters;
    this.routers = routers;
    this.hosts = hosts;
  }

  async setConnection(change: ConnectionChange): Promise<string | undefined> {
    const { addr, port } = change;
    const cluster = this.clusters.get(change.cluster);
    if (cluster === undefined) return `unknown cluster ${JSON.stringify(change.cluster)}`;
    const backend = cluster.backend(change.backend);
    if (backend === undefined) return `unknown backend ${JSON.stringify(change.backend)} in cluster ${cluster.name}`;
    const connection = backend.connectionNames.indexOf(change.connection);
    if (connection < 0) return `unknown connection ${JSON.stringify(change.connection)} of backend ${backend.name}`;
    if (addr === '') return 'addr is empty';
    if (!(port >= 1 && port <= 65535)) return `port ${port} is not in 1–65535`;
    await this.hosts.find((host) => host.owns(backend))!.move(backend, connection, addr, port);
    return undefined;
  }

  setAffinity({ router, route, cluster, backend, id }: AffinityChange): string | undefined {
    return this.routers.setAffinity(router, route, cluster, backend, id);
  }

  threadCount(): number {
    return 1 + this.hosts.length;
  }
}
