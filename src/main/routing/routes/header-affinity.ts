import { RpcError } from '../../../grpc/rpc-error.js';
import { Status } from '../../../grpc/status-code.js';
import type { HeaderList } from '../../../http2/hpack/header-list.js';
import type { MethodRoute, RouteDecision } from '../route.js';
import type { Affinity } from './affinity.js';
import type { RouteBase } from './route-base.js';

/** `rpc_affinity_header`: the value of a metadata key is the routing key. */
export class HeaderAffinityRoute implements MethodRoute {
  readonly routeName;
  readonly method;
  readonly cluster;
  readonly associationFields;
  readonly needsMessage = false;
  private readonly affinity: Affinity;
  private readonly metadataKey: string;

  /** @param metadataKey lower case */
  constructor(base: RouteBase, affinity: Affinity, metadataKey: string) {
    this.routeName = base.routeName;
    this.method = base.method;
    this.cluster = base.cluster;
    this.associationFields = base.associationFields;
    this.affinity = affinity;
    this.metadataKey = metadataKey;
  }

  decide(headers: HeaderList): RouteDecision | RpcError {
    const value = headers.get(this.metadataKey);
    if (value === undefined) {
      return new RpcError(Status.INVALID_ARGUMENT, `route ${this.routeName}: no metadata ${this.metadataKey}`);
    }
    return this.affinity.decideText(value);
  }
}
