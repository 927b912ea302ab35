import { RpcError } from '../../../grpc/rpc-error.js';
import { Status } from '../../../grpc/status-code.js';
import type { HeaderList } from '../../../http2/hpack/header-list.js';
import { Decision } from '../decision.js';
import { notOpen, type RoundRobinTurn } from '../round-robin-turn.js';
import type { MethodRoute, RoutableBackend, RoutableCluster, RouteDecision } from '../route.js';
import type { RouteState } from '../route-state.js';
import { keyOfText } from '../routing-field.js';
import type { RouteBase } from './route-base.js';

/** The bindings of one route: which clients carry which backend's name. */
export class Bindings {
  readonly metadataKey: string;
  readonly bindingMethod: string;
  readonly routeName: string;
  private readonly cluster: RoutableCluster;
  private readonly turn: RoundRobinTurn;
  private readonly exclusive: boolean;
  /** Names of the backends that a client was given or has named; where each may have only one client they are given to no other. */
  private readonly taken: Set<string>;
  /** Backends by name as metadata has it: one character an octet. */
  private readonly byValue: ReadonlyMap<string, RoutableBackend>;
  readonly decisions: ReadonlyMap<RoutableBackend, RouteDecision>;
  readonly answers: ReadonlyMap<RoutableBackend, RouteDecision>;

  /**
   * @param metadataKey lower case
   * @param exclusive a backend is given to one client only
   */
  constructor(
    routeName: string,
    metadataKey: string,
    bindingMethod: string,
    exclusive: boolean,
    cluster: RoutableCluster,
    turn: RoundRobinTurn,
    state: RouteState,
  ) {
    this.taken = state.taken;
    this.routeName = routeName;
    this.metadataKey = metadataKey;
    this.bindingMethod = bindingMethod;
    this.exclusive = exclusive;
    this.cluster = cluster;
    this.turn = turn;
    const { backends } = cluster;
    this.byValue = new Map(backends.map((backend) => [keyOfText(backend.name), backend]));
    this.decisions = new Map(backends.map((backend) => [backend, new Decision(backend)]));
    this.answers = new Map(
      backends.map((backend) => [
        backend,
        new Decision(backend, { answerName: metadataKey, answerValue: keyOfText(backend.name) }),
      ]),
    );
  }

  /** How many backends a client was given or has named. */
  get boundBackends(): number {
    return this.taken.size;
  }

  /** Whether each backend may have one client only. */
  get isExclusive(): boolean {
    return this.exclusive;
  }

  /** Backends that a client was given or named, in the order of the configuration. */
  bound(): RoutableBackend[] {
    return this.cluster.backends.filter((backend) => this.taken.has(backend.name));
  }

  /** Whether a client was given the backend or has named it. */
  isBound(backend: RoutableBackend): boolean {
    return this.taken.has(backend.name);
  }

  /** A client has the backend, though it has not called yet. */
  hold(backend: RoutableBackend): void {
    this.taken.add(backend.name);
  }

  /** Forgets that a backend has a client. Returns false when it had none. */
  release(backend: RoutableBackend): boolean {
    return this.taken.delete(backend.name);
  }

  /** A backend for a client that has none. */
  bind(): RouteDecision | RpcError {
    const backend = this.exclusive ? this.nextFree() : this.turn.next();
    if (backend instanceof RpcError) return backend;
    this.taken.add(backend.name);
    return this.answers.get(backend)!;
  }

  private nextFree(): RoutableBackend | RpcError {
    const { backends } = this.cluster;
    if (backends.every((backend) => this.taken.has(backend.name))) {
      return new RpcError(
        Status.RESOURCE_EXHAUSTED,
        `route ${this.routeName}: every backend of cluster ${this.cluster.name} is bound to a client`,
      );
    }
    // One round is enough to meet every open backend.
    for (let i = 0; i < backends.length; i++) {
      const backend = this.turn.next();
      if (backend instanceof RpcError || !this.taken.has(backend.name)) return backend;
    }
    return new RpcError(
      Status.UNAVAILABLE,
      `route ${this.routeName}: no backend of cluster ${this.cluster.name} that is free has an open connection`,
    );
  }

  /** The backend that a client names. A name is a binding in itself, so a router that was restarted has lost nothing. */
  named(value: string): RouteDecision | RpcError {
    const backend = this.byValue.get(value);
    if (backend === undefined) {
      return new RpcError(
        Status.NOT_FOUND,
        `route ${this.routeName}: ${this.metadataKey} names no backend of cluster ${this.cluster.name}`,
      );
    }
    this.taken.add(backend.name);
    return backend.isOpen() ? this.decisions.get(backend)! : notOpen(this.routeName, backend);
  }
}

/**
 * `binding`: a client calls the binding method with the metadata key empty and is told its backend in the response headers;
 * from then on it sends that name and goes there.
 */
export class BindingRoute implements MethodRoute {
  readonly routeName;
  readonly method;
  readonly cluster;
  readonly associationFields;
  readonly needsMessage = false;
  private readonly bindings: Bindings;

  constructor(base: RouteBase, bindings: Bindings) {
    this.routeName = base.routeName;
    this.method = base.method;
    this.cluster = base.cluster;
    this.associationFields = base.associationFields;
    this.bindings = bindings;
  }

  decide(headers: HeaderList): RouteDecision | RpcError {
    const { bindings } = this;
    const value = headers.get(bindings.metadataKey) ?? '';
    if (value !== '') return bindings.named(value);
    if (this.method.name === bindings.bindingMethod) return bindings.bind();
    return new RpcError(
      Status.FAILED_PRECONDITION,
      `route ${this.routeName}: ${bindings.metadataKey} is empty; call ${bindings.bindingMethod} first to be given a backend`,
    );
  }
}
