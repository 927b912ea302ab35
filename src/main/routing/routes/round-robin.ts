import { RpcError } from '../../../grpc/rpc-error.js';
import { Decision } from '../decision.js';
import type { RoundRobinTurn } from '../round-robin-turn.js';
import type { MethodRoute, RouteDecision } from '../route.js';
import type { RouteBase } from './route-base.js';

/** `round_robin`: the next backend that is open, whatever the call says. */
export class RoundRobinRoute implements MethodRoute {
  readonly routeName;
  readonly method;
  readonly cluster;
  readonly associationFields;
  readonly needsMessage = false;
  private readonly turn: RoundRobinTurn;
  /** A decision for each backend says the same for every call, so each is made once. */
  private readonly decisions: ReadonlyMap<unknown, RouteDecision>;

  /** @param turn of the whole route: its methods take turns together */
  constructor(base: RouteBase, turn: RoundRobinTurn) {
    this.routeName = base.routeName;
    this.method = base.method;
    this.cluster = base.cluster;
    this.associationFields = base.associationFields;
    this.turn = turn;
    this.decisions = new Map(base.cluster.backends.map((backend) => [backend, new Decision(backend)]));
  }

  decide(): RouteDecision | RpcError {
    const backend = this.turn.next();
    return backend instanceof RpcError ? backend : this.decisions.get(backend)!;
  }
}
