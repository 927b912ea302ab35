import type { RpcError } from '../../grpc/rpc-error.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { RoutingFieldConfig } from '../config/routing-file.js';

/** What routing sees of a backend: its names and whether a call could be sent there now. */
export interface RoutableBackend {
  readonly name: string;
  /** Names of its connections, in the order of the configuration. */
  readonly connectionNames: readonly string[];
  /**
   * Where keys that were bound to this backend lead now: to itself; to the backend that a new configuration put in its place;
   * undefined when it has none.
   */
  current(): RoutableBackend | undefined;
  /** True while the configuration has the connection with that index. */
  hasConnection(index: number): boolean;
  /** True when a call that belongs here can be sent: a connection is open, or about to be back and worth waiting for. */
  isOpen(): boolean;
  /** True when it may also be chosen for what belongs nowhere yet: it is open and no operator drains it. */
  takesNew(): boolean;
  /** True when no connection is open at the moment: where there is a choice, an open backend that is not is better. */
  isRedialling(): boolean;
  /** The same as `isOpen` of the connection with that index (into `connectionNames`). */
  isConnectionOpen(index: number): boolean;
}

/** What routing sees of a cluster: its backends in the order of the configuration. */
export interface RoutableCluster {
  readonly name: string;
  readonly backends: readonly RoutableBackend[];
  backend(name: string): RoutableBackend | undefined;
}

/** One method of a service, as its definition and the routing file describe it. */
export interface Method {
  /** `/package.Service/Method`, as it stands in `:path`. */
  readonly path: string;
  readonly name: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly series: MethodSeries;
}

/**
 * What the calls of a method are counted under. One object for each method that is named; the methods of a route that nobody
 * names share one, or clients could make up any number of series.
 */
export interface MethodSeries {
  readonly router: string;
  readonly route: string;
  /** `package.Service/Method`, or `other`. */
  readonly method: string;
}

/** What a decision reserves for the length of a call: an affinity entry that may not be evicted meanwhile. */
export interface Reservation {
  /** One character an octet. Only before it is released. */
  readonly key: string;
  /** To be called exactly once, when the call ends. */
  release(): void;
}

/** Reads a key from the first response message and binds it to the backend that answered (`nb_binding_methods`). */
export interface ReplyBinding {
  /** `message` is one whole protobuf message without the gRPC prefix. Returns an error when it has no key or the key is bound elsewhere. */
  bind(message: Buffer): RpcError | undefined;
}

/** Where a call goes. */
export interface RouteDecision {
  readonly backend: RoutableBackend;
  /** Only this connection of the backend (index into `connectionNames`), or -1 for every open one (source routes). */
  readonly connection: number;
  /** Metadata to add to the response headers, or undefined (binding routes). */
  readonly answerName: string | undefined;
  readonly answerValue: string | undefined;
  /** Set when the reply binds a key. */
  readonly replyBinding: ReplyBinding | undefined;
  readonly reservation: Reservation | undefined;
}

/** A route for one method: everything that can be known before a call comes is known. Built from configuration, immutable. */
export interface MethodRoute {
  readonly routeName: string;
  readonly method: Method;
  readonly cluster: RoutableCluster;
  /** For backends that want their association id in a message field (`location: protobuf`): which field of the request. */
  readonly associationFields: ReadonlyMap<RoutableBackend, RoutingFieldConfig>;
  /** True when `decide` needs the first request message. */
  readonly needsMessage: boolean;
  /**
   * Chooses the backend. No I/O, no clock but the one given at construction, never throws for bad input.
   * @param headers the request headers
   * @param buf holds the first request message, uncompressed and without its gRPC prefix, from `start` to `end`; only when
   * `needsMessage`
   */
  decide(headers: HeaderList, buf: Buffer, start: number, end: number): RouteDecision | RpcError;
}
