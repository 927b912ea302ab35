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
  /**
   * The key that the call is bound by, one character an octet; undefined when there is none, or it has been released. It
   * is not forgotten before.
   */
  readonly key: string | undefined;
  /** To be called when the call has ended; once more does nothing. */
  release(): void;
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
   * @param foreseen what `foresee` said of this message, in this turn of the event loop; 0 = it was not asked
   */
  decide(headers: HeaderList, buf: Buffer, start: number, end: number, foreseen: number): RouteDecision | RpcError;
  /**
   * Looks at a message that `decide` is about to be given. Where several messages are there at once it is asked for each of them
   * before the first is decided: finding one key among very many is a matter of waiting for memory, and this lets
   * them wait together. Routes that have nothing to look for do not have it.
   */
  foresee?(buf: Buffer, start: number, end: number): number;
}
