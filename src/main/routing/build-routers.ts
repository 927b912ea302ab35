import type {
  MethodConfig,
  RouteConfig,
  RouterConfig,
  RoutingFieldConfig,
  RoutingFile,
  ServerConfig,
} from '../config/routing-file.js';
import { AffinityTable } from './affinity/affinity-table.js';
import { MethodRouter, type RouteSet, type WildcardRoute } from './method-router.js';
import { RoundRobinTurn } from './round-robin-turn.js';
import type { MethodRoute, MethodSeries, RoutableBackend, RoutableCluster } from './route.js';
import { RouteState, routeIdentity } from './route-state.js';
import { Affinity } from './routes/affinity.js';
import { BindingRoute, Bindings } from './routes/binding.js';
import { HeaderAffinityRoute } from './routes/header-affinity.js';
import { MessageAffinityRoute, ReplyBindingRoute } from './routes/message-affinity.js';
import { RoundRobinRoute } from './routes/round-robin.js';
import type { RouteBase } from './routes/route-base.js';
import { Destinations, SourceRoute } from './routes/source.js';
import { RoutingField } from './routing-field.js';
import { type ServedRouter, ServiceRouter } from './service-router.js';

/** What routing is given beside its configuration. */
export interface RoutingOptions {
  /** Most keys of one route. */
  readonly affinityEntries: number;
  /** A key that nobody used for so many ms is forgotten; 0 = never. */
  readonly affinityIdleMs: number;
  /** A clock in ms that never goes back. */
  readonly now: () => number;
}

type Clusters = ReadonlyMap<string, RoutableCluster>;

/** All routers of a configuration. Listeners that name the same router share its routes, positions and tables. */
export class Routers {
  private readonly byName: ReadonlyMap<string, readonly BuiltRouter[]>;
  private readonly clusters: Clusters;
  /** By {@link routeIdentity}. */
  readonly states: ReadonlyMap<string, RouteState>;

  constructor(
    byName: ReadonlyMap<string, readonly BuiltRouter[]>,
    clusters: Clusters,
    states: ReadonlyMap<string, RouteState>,
  ) {
    this.byName = byName;
    this.states = states;
    this.clusters = clusters;
  }

  /** What routes the calls of one listener. */
  forServer(server: ServerConfig): ServiceRouter {
    return new ServiceRouter(
      server.routers.map(
        ({ package: packageName, service, router }): ServedRouter => ({
          package: packageName,
          service,
          routers: this.byName.get(router)!.map(({ methods }) => methods),
        }),
      ),
    );
  }

  /** What every route remembers. */
  memories(): RouteMemory[] {
    return [...this.byName.keys()].flatMap((name) => this.memoriesOf(name)!);
  }

  /** What the routes of a router remember; undefined when there is no such router. */
  memoriesOf(routerName: string): RouteMemory[] | undefined {
    return this.byName.get(routerName)?.flatMap(({ methods, routes }) =>
      routes.map(({ config, affinity, bindings }) => ({
        router: routerName,
        service: methods.package === '' ? methods.service : `${methods.package}.${methods.service}`,
        config,
        affinity,
        bindings,
      })),
    );
  }

  /**
   * Binds a key of an affinity route to a backend.
   * @param id the key as text
   * @returns undefined, or what is unknown or in the way
   */
  setAffinity(
    routerName: string,
    routeName: string,
    clusterName: string,
    backendName: string,
    id: string,
  ): string | undefined {
    const memories = this.memoriesOf(routerName);
    if (memories === undefined) return `unknown router ${JSON.stringify(routerName)}`;
    const routes = memories.filter(({ config }) => config.name === routeName);
    if (routes.length === 0) return `unknown route ${JSON.stringify(routeName)} in router ${routerName}`;
    const cluster = this.clusters.get(clusterName);
    if (cluster === undefined) return `unknown cluster ${JSON.stringify(clusterName)}`;
    const route = routes.find(({ config }) => config.cluster === clusterName);
    if (route === undefined)
      return `route ${routeName} does not lead to cluster ${clusterName} but to ${routes[0]!.config.cluster}`;
    const backend = cluster.backend(backendName);
    if (backend === undefined) return `unknown backend ${JSON.stringify(backendName)} in cluster ${clusterName}`;
    if (route.affinity === undefined) return `route ${routeName} is of type ${route.config.type} and remembers no keys`;
    const key = Buffer.from(id);
    return route.affinity.bind(key, 0, key.length, backend)?.message;
  }
}

/** What one route remembers. */
export interface RouteMemory {
  readonly router: string;
  /** `package.Service`; several entries of a router may have a route of the same name. */
  readonly service: string;
  readonly config: RouteConfig;
  /** Of the routes that remember keys. */
  readonly affinity: Affinity | undefined;
  /** Of binding routes. */
  readonly bindings: Bindings | undefined;
}

/** One router entry, built. */
interface BuiltRouter {
  readonly methods: MethodRouter;
  readonly routes: readonly BuiltRoute[];
}

/** One route, built. */
interface BuiltRoute {
  readonly config: RouteConfig;
  /** Of the routes that remember keys. */
  readonly affinity: Affinity | undefined;
  /** Of binding routes. */
  readonly bindings: Bindings | undefined;
  /** The route for one of its methods. */
  readonly forMethod: (method: MethodConfig, path: string, series: MethodSeries) => MethodRoute;
}

/**
 * Builds every router of a configuration that has been checked.
 * @param before the routers of the configuration before: routes that stay keep their keys and their turn
 */
export function buildRouters(
  config: RoutingFile,
  clusters: Clusters,
  options: RoutingOptions,
  before?: Routers,
): Routers {
  const states = new Map<string, RouteState>();
  const stateOf = (router: RouterConfig, route: RouteConfig): RouteState => {
    const identity = routeIdentity(router, route);
    const state =
      before?.states.get(identity) ??
      new RouteState(new AffinityTable(options.affinityEntries, options.affinityIdleMs, options.now));
    states.set(identity, state);
    return state;
  };
  const destinations = new Destinations(clusters.values());
  const byName = new Map<string, BuiltRouter[]>();
  for (const router of config.routers) {
    const entries = byName.get(router.name) ?? [];
    entries.push(buildRouter(router, clusters, destinations, stateOf));
    byName.set(router.name, entries);
  }
  return new Routers(byName, clusters, states);
}

function buildRouter(
  router: RouterConfig,
  clusters: Clusters,
  destinations: Destinations,
  stateOf: (router: RouterConfig, route: RouteConfig) => RouteState,
): BuiltRouter {
  const routes = router.routes.map((route) =>
    buildRoute(route, clusters.get(route.cluster)!, destinations, stateOf(router, route)),
  );
  const keyed = new Map<string, RouteSet>();
  const keys = new Set(router.routes.flatMap(({ binding }) => binding?.field ?? []));
  for (const key of keys)
    keyed.set(
      key,
      routeSet(
        router,
        routes.filter(({ config }) => config.binding?.field === key),
      ),
    );
  const plain = routeSet(
    router,
    routes.filter(({ config }) => config.binding === undefined),
  );
  return { methods: new MethodRouter(router.package, router.service, plain, keyed), routes };
}

function routeSet(router: RouterConfig, routes: readonly BuiltRoute[]): RouteSet {
  const service = router.package === '' ? router.service : `${router.package}.${router.service}`;
  const methods = new Map<string, MethodRoute>();
  let wildcard: WildcardRoute | undefined;
  for (const { config, forMethod } of routes) {
    const seriesOf = (method: string): MethodSeries => ({ router: router.name, route: config.name, method });
    for (const method of config.methods) {
      const path = `${service}/${method.name}`;
      methods.set(method.name, forMethod(method, `/${path}`, seriesOf(path)));
    }
    // With a definition the list is complete; without one, any method is carried as unary → unary.
    if (config.wildcard && !config.hasDescriptor) {
      const series = seriesOf('other');
      wildcard = (path, name) => forMethod(undefinedMethod(name, config), path, series);
    }
  }
  return { methods, wildcard };
}

function undefinedMethod(name: string, route: RouteConfig): MethodConfig {
  return {
    name,
    requestStream: false,
    responseStream: false,
    defined: false,
    requestField: undefined,
    responseField: undefined,
    routingKey: route.type === 'rpc_affinity_header' ? route.routingField : undefined,
    associationFields: [],
  };
}

function buildRoute(
  config: RouteConfig,
  cluster: RoutableCluster,
  destinations: Destinations,
  state: RouteState,
): BuiltRoute {
  const turn = new RoundRobinTurn(cluster, config.name, state);
  const remembers = config.type === 'rpc_affinity_message' || config.type === 'rpc_affinity_header';
  const affinity = remembers ? new Affinity(config.name, state.table, turn) : undefined;
  const bindings =
    config.binding === undefined
      ? undefined
      : new Bindings(
          config.name,
          config.binding.field,
          config.binding.method,
          config.binding.exclusive,
          cluster,
          turn,
          state,
        );
  const forMethod = (method: MethodConfig, path: string, series: MethodSeries): MethodRoute => {
    const base: RouteBase = {
      routeName: config.name,
      method: {
        path,
        name: method.name,
        requestStream: method.requestStream,
        responseStream: method.responseStream,
        series,
      },
      cluster,
      associationFields: associationFields(method, cluster),
    };
    const field = (of: RoutingFieldConfig): RoutingField => new RoutingField(of, config.routingFieldDefault);
    if (bindings !== undefined) return new BindingRoute(base, bindings);
    if (config.type === 'source' && method.requestField !== undefined) {
      return new SourceRoute(base, destinations, field(method.requestField));
    }
    if (affinity !== undefined && method.responseField !== undefined) {
      return new ReplyBindingRoute(base, affinity, field(method.responseField));
    }
    if (affinity !== undefined && method.requestField !== undefined) {
      return new MessageAffinityRoute(base, affinity, field(method.requestField));
    }
    if (affinity !== undefined && method.routingKey !== undefined) {
      return new HeaderAffinityRoute(base, affinity, method.routingKey);
    }
    return new RoundRobinRoute(base, turn);
  };
  return { config, affinity, bindings, forMethod };
}

function associationFields(
  method: MethodConfig,
  { backends }: RoutableCluster,
): ReadonlyMap<RoutableBackend, RoutingFieldConfig> {
  const fields = new Map<RoutableBackend, RoutingFieldConfig>();
  method.associationFields.forEach((field, i) => {
    if (field !== undefined) fields.set(backends[i]!, field);
  });
  return fields;
}
