import type { RouteConfig, RouterConfig } from '../config/routing-file.js';
import type { AffinityTable } from './affinity/affinity-table.js';

/** What a route remembers of its calls. It outlives the configuration: the route of the next one that is the same goes on with it. */
export class RouteState {
  /** Keys of the affinity routes. */
  readonly table: AffinityTable;
  /** Whose turn it is: index into the cluster's backends, perhaps past a cluster that has shrunk. */
  position = 0;
  /** Names of the backends that a client is bound to, where each may have only one. */
  readonly taken = new Set<string>();

  constructor(table: AffinityTable) {
    this.table = table;
  }
}

/** Two routes with the same identity are the same route in two configurations. */
export function routeIdentity(router: RouterConfig, route: RouteConfig): string {
  return JSON.stringify([router.name, router.package, router.service, route.name, route.type, route.cluster]);
}
