import type { Fleet } from '../backends/fleet.js';
import type { Routers } from '../routing/build-routers.js';
import type { AffinityChange, ConnectionChange, Controls } from './configuration-api.js';
import type { Lookup } from './lookup.js';

/** What the control API's calls do. Every unknown name is said. */
export class RouterControls implements Controls {
  private readonly lookup: Lookup;
  private readonly fleet: Fleet;
  private readonly routers: () => Routers;

  /** @param routers those in use */
  constructor(lookup: Lookup, fleet: Fleet, routers: () => Routers) {
    this.lookup = lookup;
    this.fleet = fleet;
    this.routers = routers;
  }

  async setConnection(change: ConnectionChange): Promise<string | undefined> {
    const { addr, port } = change;
    const backend = this.lookup.backend(change.cluster, change.backend);
    const connection = this.lookup.connection(backend, change.connection);
    if (addr === '') return 'addr is empty';
    if (!(port >= 1 && port <= 65535)) return `port ${port} is not in 1–65535`;
    await this.lookup.hostOf(backend)!.move(backend, connection, addr, port);
    return undefined;
  }

  setAffinity({ router, route, cluster, backend, id }: AffinityChange): string | undefined {
    return this.routers().setAffinity(router, route, cluster, backend, id);
  }

  threadCount(): number {
    return 1 + this.fleet.hosts.length;
  }
}
