import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { MethodRouter, PathRoutes } from './method-router.js';
import type { MethodRoute } from './route.js';

/** What serves a service on one listener; `*` stands for any. */
export interface ServedRouter {
  readonly package: string;
  readonly service: string;
  /** The router's entries: one for each service that it serves under its name. At least one. */
  readonly routers: readonly MethodRouter[];
}

/** Paths come from clients: with wildcards they could be any number. */
const MAX_CACHED_PATHS = 4096;

const ANY = '*';

/** `/package.Service/Method` → route, for one listener. */
export class ServiceRouter {
  private readonly served: ReadonlyMap<string, ServedRouter>;
  /** Paths that led somewhere. */
  private readonly cache = new Map<string, PathRoutes>();

  constructor(served: readonly ServedRouter[]) {
    const map = new Map<string, ServedRouter>();
    // Two entries for the same service: the first counts, as the file is read from the top.
    for (const entry of served) {
      const key = serviceKey(entry.package, entry.service);
      if (!map.has(key)) map.set(key, entry);
    }
    this.served = map;
  }

  /** The route of a call, by its `:path` and metadata. */
  route(path: string, headers: HeaderList): MethodRoute | RpcError {
    let routes = this.cache.get(path);
    if (routes === undefined) {
      routes = this.resolve(path);
      if (routes === undefined || routes.empty) return unimplemented(path);
      if (this.cache.size >= MAX_CACHED_PATHS) this.cache.clear();
      this.cache.set(path, routes);
    }
    return routes.choose(headers) ?? unimplemented(path);
  }

  private resolve(path: string): PathRoutes | undefined {
    const parts = PATH.exec(path);
    if (parts === null) return undefined;
    const [, packageName = '', service, method] = parts;
    const served =
      this.served.get(serviceKey(packageName, service!)) ??
      this.served.get(serviceKey(ANY, service!)) ??
      this.served.get(serviceKey(packageName, ANY)) ??
      this.served.get(serviceKey(ANY, ANY));
    if (served === undefined) return undefined;
    const { routers } = served;
    const router =
      routers.find((r) => r.package === packageName && r.service === service) ??
      routers.find((r) => r.service === service) ??
      routers.find((r) => r.package === packageName) ??
      routers[0]!;
    return router.resolve(path, method!);
  }
}

/** Package (with dots, or none), service and method. */
const PATH = /^\/(?:([^/]+)\.)?([^/.]+)\/([^/]+)$/;

/** Neither part contains a slash, so no two pairs have the same key. */
function serviceKey(packageName: string, service: string): string {
  return `${packageName}/${service}`;
}

function unimplemented(path: string): RpcError {
  return new RpcError(Status.UNIMPLEMENTED, `no route for ${path.slice(0, 256)}`);
}
