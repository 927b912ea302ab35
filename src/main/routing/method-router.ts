import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { MethodRoute } from './route.js';

/** Makes the route for a method that no definition lists, for `methods: ["*"]` without one. */
export type WildcardRoute = (path: string, method: string) => MethodRoute;

/** The routes of one service under one metadata key, or under none. */
export interface RouteSet {
  readonly methods: ReadonlyMap<string, MethodRoute>;
  readonly wildcard: WildcardRoute | undefined;
}

/** One method's routes: what is left to look at when a call comes is its metadata. */
export class PathRoutes {
  private readonly keys: readonly string[];
  private readonly keyed: readonly (MethodRoute | undefined)[];
  private readonly plain: MethodRoute | undefined;

  constructor(keys: readonly string[], keyed: readonly (MethodRoute | undefined)[], plain: MethodRoute | undefined) {
    this.keys = keys;
    this.keyed = keyed;
    this.plain = plain;
  }

  /** True when the method has no route at all. */
  get empty(): boolean {
    return this.plain === undefined && this.keyed.every((route) => route === undefined);
  }

  /** The first metadata key that the call holds (its value may be empty) decides; without any, the route under no metadata. */
  choose(headers: HeaderList): MethodRoute | undefined {
    const { keys } = this;
    for (let i = 0; i < keys.length; i++) if (headers.get(keys[i]!) !== undefined) return this.keyed[i];
    return this.plain;
  }
}

/** (metadata key, method) → route, for one service. Built from the configuration, immutable. */
export class MethodRouter {
  readonly package: string;
  readonly service: string;
  private readonly plain: RouteSet;
  private readonly keys: readonly string[];
  private readonly keyed: readonly RouteSet[];

  /** @param keyed binding routes by their metadata key (lower case) */
  constructor(packageName: string, service: string, plain: RouteSet, keyed: ReadonlyMap<string, RouteSet>) {
    this.package = packageName;
    this.service = service;
    this.plain = plain;
    this.keys = [...keyed.keys()];
    this.keyed = [...keyed.values()];
  }

  /** The routes of one method; `path` is the whole `:path`. */
  resolve(path: string, method: string): PathRoutes {
    const pick = ({ methods, wildcard }: RouteSet): MethodRoute | undefined =>
      methods.get(method) ?? wildcard?.(path, method);
    return new PathRoutes(this.keys, this.keyed.map(pick), pick(this.plain));
  }
}
