import { RpcError } from '../../../grpc/rpc-error.js';
import { Status } from '../../../grpc/status-code.js';
import { type AffinityTable, MAX_KEY_BYTES } from '../affinity-table.js';
import { Decision } from '../decision.js';
import { notOpen, type RoundRobinTurn } from '../round-robin-turn.js';
import type { RoutableBackend, RouteDecision } from '../route.js';

/** What the affinity routes of one route share: the table of its keys, and whose turn it is when a new one comes. */
export class Affinity {
  readonly routeName: string;
  readonly table: AffinityTable;
  readonly turn: RoundRobinTurn;

  constructor(routeName: string, table: AffinityTable, turn: RoundRobinTurn) {
    this.routeName = routeName;
    this.table = table;
    this.turn = turn;
  }

  /** The backend that owns `key`; a new key gets the next one and keeps it. */
  decide(key: string): RouteDecision | RpcError {
    const { table } = this;
    if (key.length > MAX_KEY_BYTES) return this.tooLong();
    const known = table.hold(key);
    if (known !== undefined) {
      if (known.backend.isOpen()) return Decision.reserved(known.backend, known);
      known.release();
      return notOpen(this.routeName, known.backend);
    }
    const backend = this.turn.next();
    if (backend instanceof RpcError) return backend;
    const added = table.add(key, backend);
    if (added === undefined) {
      return new RpcError(
        Status.RESOURCE_EXHAUSTED,
        `route ${this.routeName}: every key of its full affinity table has a call in flight`,
      );
    }
    return Decision.reserved(backend, added);
  }

  /** Binds `key` to the backend that answered with it. */
  bind(key: string, backend: RoutableBackend): RpcError | undefined {
    if (key.length > MAX_KEY_BYTES) return this.tooLong();
    const other = this.table.set(key, backend);
    if (other === undefined) return undefined;
    if (other === 'full') {
      return new RpcError(
        Status.RESOURCE_EXHAUSTED,
        `route ${this.routeName}: its affinity table is full of keys in use`,
      );
    }
    // The key itself is the client's data and stays out of messages.
    return new RpcError(
      Status.INTERNAL,
      `route ${this.routeName}: backend ${backend.name} answered with a key that belongs to backend ${other.name}`,
    );
  }

  private tooLong(): RpcError {
    return new RpcError(
      Status.INVALID_ARGUMENT,
      `route ${this.routeName}: a routing key of over ${MAX_KEY_BYTES} bytes`,
    );
  }
}
