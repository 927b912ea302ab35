import { isDeepStrictEqual } from 'node:util';
import type { BackendConfig, ClusterConfig, RouterConfig, RoutingFile } from '../config/routing-file.js';

/** What differs between two configurations, one line each, for people: `backend orders/shard1`. */
export interface Changes {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Compares two configurations entry by entry; a thing is named where it is, and its parts are compared where it stays. */
export function compareConfigurations(before: RoutingFile, after: RoutingFile): Changes {
  const changes = { added: [], changed: [], removed: [] };
  compare(changes, named('listener', before.servers), named('listener', after.servers));
  compare(changes, routes(before.routers), routes(after.routers));
  compare(changes, clusters(before.clusters), clusters(after.clusters));
  compare(changes, backends(before.clusters), backends(after.clusters));
  compare(changes, connections(before.clusters), connections(after.clusters));
  compare(changes, new Map([['control API', before.api]]), new Map([['control API', after.api]]));
  return changes;
}

/** True when nothing differs. */
export function isEmpty({ added, changed, removed }: Changes): boolean {
  return added.length + changed.length + removed.length === 0;
}

type Things = ReadonlyMap<string, unknown>;
type Lists = { readonly [K in keyof Changes]: string[] };

function compare({ added, changed, removed }: Lists, before: Things, after: Things): void {
  for (const [name, thing] of after) {
    if (!before.has(name)) added.push(name);
    else if (!isDeepStrictEqual(before.get(name), thing)) changed.push(name);
  }
  for (const name of before.keys()) if (!after.has(name)) removed.push(name);
}

function named(kind: string, things: readonly { readonly name: string }[]): Things {
  return new Map(things.map((thing) => [`${kind} ${thing.name}`, thing]));
}

function routes(routers: readonly RouterConfig[]): Things {
  return new Map(
    routers.flatMap(({ name, package: packageName, service, routes }) =>
      routes.map((route) => [`route ${name}/${packageName}.${service}/${route.name}`, route] as const),
    ),
  );
}

/** A cluster is what it is called; what is in it is compared below. */
function clusters(configs: readonly ClusterConfig[]): Things {
  return new Map(configs.map(({ name }) => [`cluster ${name}`, true]));
}

function backends(configs: readonly ClusterConfig[]): Things {
  return new Map(
    configs.flatMap((cluster) =>
      cluster.backends.map(
        (backend) => [`backend ${cluster.name}/${backend.name}`, withoutConnections(backend)] as const,
      ),
    ),
  );
}

function withoutConnections({ connections: _, ...backend }: BackendConfig): unknown {
  return backend;
}

function connections(configs: readonly ClusterConfig[]): Things {
  return new Map(
    configs.flatMap((cluster) =>
      cluster.backends.flatMap((backend) =>
        backend.connections.map(
          (connection) => [`connection ${cluster.name}/${backend.name}/${connection.name}`, connection] as const,
        ),
      ),
    ),
  );
}
