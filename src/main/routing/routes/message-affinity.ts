import { RpcError } from '../../../grpc/rpc-error.js';
import { Status } from '../../../grpc/status-code.js';
import type { HeaderList } from '../../../http2/hpack/header-list.js';
import { Decision } from '../decision.js';
import type { MethodRoute, ReplyBinding, RoutableBackend, RouteDecision } from '../route.js';
import { FieldFault, type RoutingField } from '../routing-field.js';
import type { Affinity } from './affinity.js';
import type { RouteBase } from './route-base.js';

/** `rpc_affinity_message`: the routing field of the first request message is the key. */
export class MessageAffinityRoute implements MethodRoute {
  readonly routeName;
  readonly method;
  readonly cluster;
  readonly associationFields;
  readonly needsMessage = true;
  private readonly affinity: Affinity;
  private readonly field: RoutingField;

  constructor(base: RouteBase, affinity: Affinity, field: RoutingField) {
    this.routeName = base.routeName;
    this.method = base.method;
    this.cluster = base.cluster;
    this.associationFields = base.associationFields;
    this.affinity = affinity;
    this.field = field;
  }

  foresee(buf: Buffer, start: number, end: number): number {
    const { field } = this;
    const found = field.locate(buf, start, end) === FieldFault.none;
    const foreseen = found ? this.affinity.foresee(field.keyBuf, field.keyStart, field.keyEnd) : 0;
    field.release();
    return foreseen;
  }

  decide(_headers: HeaderList, buf: Buffer, start: number, end: number, foreseen: number): RouteDecision | RpcError {
    const { field } = this;
    const fault = field.locate(buf, start, end);
    if (fault !== FieldFault.none) {
      field.release();
      return fieldError(this.routeName, field, fault, 'request');
    }
    const decision = this.affinity.decide(field.keyBuf, field.keyStart, field.keyEnd, foreseen);
    field.release();
    return decision;
  }
}

/**
 * A method in `nb_binding_methods`: the request goes round robin, and the key is read from the response and bound to the
 * backend that answered (`CreateDevice` returns the new id).
 */
export class ReplyBindingRoute implements MethodRoute {
  readonly routeName;
  readonly method;
  readonly cluster;
  readonly associationFields;
  readonly needsMessage = false;
  private readonly affinity: Affinity;
  private readonly decisions: ReadonlyMap<unknown, RouteDecision>;

  constructor(base: RouteBase, affinity: Affinity, field: RoutingField) {
    this.routeName = base.routeName;
    this.method = base.method;
    this.cluster = base.cluster;
    this.associationFields = base.associationFields;
    this.affinity = affinity;
    this.decisions = new Map(
      base.cluster.backends.map((backend) => [
        backend,
        new Decision(backend, { replyBinding: new BindReply(affinity, field, backend) }),
      ]),
    );
  }

  decide(): RouteDecision | RpcError {
    const backend = this.affinity.turn.next();
    return backend instanceof RpcError ? backend : this.decisions.get(backend)!;
  }
}

class BindReply implements ReplyBinding {
  private readonly affinity: Affinity;
  private readonly field: RoutingField;
  private readonly backend: RoutableBackend;

  constructor(affinity: Affinity, field: RoutingField, backend: RoutableBackend) {
    this.affinity = affinity;
    this.field = field;
    this.backend = backend;
  }

  bind(message: Buffer): RpcError | undefined {
    const { affinity, field, backend } = this;
    const fault = field.locate(message, 0, message.length);
    if (fault !== FieldFault.none) return fieldError(affinity.routeName, field, fault, 'response');
    const refused = affinity.bind(field.keyBuf, field.keyStart, field.keyEnd, backend);
    field.release();
    return refused;
  }
}

/** Why a message gives no key: the client's fault for a request, the backend's for a response. */
export function fieldError(
  routeName: string,
  { path }: RoutingField,
  fault: FieldFault,
  message: 'request' | 'response',
): RpcError {
  const code = message === 'request' ? Status.INVALID_ARGUMENT : Status.INTERNAL;
  return new RpcError(
    code,
    fault === FieldFault.malformed
      ? `route ${routeName}: the ${message} message is malformed`
      : `route ${routeName}: the ${message} message has no field ${path}`,
  );
}
