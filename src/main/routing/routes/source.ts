import { RpcError } from '../../../grpc/rpc-error.js';
import { Status } from '../../../grpc/status-code.js';
import type { HeaderList } from '../../../http2/hpack/header-list.js';
import { Decision } from '../decision.js';
import { notOpen } from '../round-robin-turn.js';
import type { MethodRoute, RoutableCluster, RouteDecision } from '../route.js';
import { keyOfText, type RoutingField } from '../routing-field.js';
import { fieldError } from './message-affinity.js';
import type { RouteBase } from './route-base.js';

/**
 * Where a source route's values lead: every `backend` and `backend.connection` of every cluster, by the octets of the name.
 * Names may contain dots, so the whole value is looked up; a backend goes before a connection of the same name, the clusters
 * in their order.
 */
export class Destinations {
  private readonly byName = new Map<string, RouteDecision>();

  constructor(clusters: Iterable<RoutableCluster>) {
    const connections: [string, RouteDecision][] = [];
    for (const { backends } of clusters) {
      for (const backend of backends) {
        this.add(backend.name, new Decision(backend));
        backend.connectionNames.forEach((name, connection) => {
          if (!backend.hasConnection(connection)) return;
          connections.push([`${backend.name}.${name}`, new Decision(backend, { connection })]);
        });
      }
    }
    for (const [name, decision] of connections) this.add(name, decision);
  }

  private add(name: string, decision: RouteDecision): void {
    const key = keyOfText(name);
    if (!this.byName.has(key)) this.byName.set(key, decision);
  }

  get(name: string): RouteDecision | undefined {
    return this.byName.get(name);
  }
}

/** `source`: the routing field's value is the name of the destination. */
export class SourceRoute implements MethodRoute {
  readonly routeName;
  readonly method;
  readonly cluster;
  readonly associationFields;
  readonly needsMessage = true;
  private readonly destinations: Destinations;
  private readonly field: RoutingField;

  constructor(base: RouteBase, destinations: Destinations, field: RoutingField) {
    this.routeName = base.routeName;
    this.method = base.method;
    this.cluster = base.cluster;
    this.associationFields = base.associationFields;
    this.destinations = destinations;
    this.field = field;
  }

  decide(_headers: HeaderList, buf: Buffer, start: number, end: number): RouteDecision | RpcError {
    const name = this.field.read(buf, start, end);
    if (typeof name !== 'string') return fieldError(this.routeName, this.field, name, 'request');
    const decision = this.destinations.get(name);
    if (decision === undefined) {
      return new RpcError(
        Status.NOT_FOUND,
        `route ${this.routeName}: ${this.field.path} names no backend or connection`,
      );
    }
    const { backend, connection } = decision;
    if (connection < 0) return backend.isOpen() ? decision : notOpen(this.routeName, backend);
    if (backend.isConnectionOpen(connection)) return decision;
    return new RpcError(
      Status.UNAVAILABLE,
      `route ${this.routeName}: connection ${backend.connectionNames[connection]} of backend ${backend.name} is not open`,
    );
  }
}
