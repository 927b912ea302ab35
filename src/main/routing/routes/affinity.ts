import { RpcError } from '../../../grpc/rpc-error.js';
import { Status } from '../../../grpc/status-code.js';
import type { AffinityTable } from '../affinity/affinity-table.js';
import { MAX_KEY_BYTES } from '../affinity/key-rows.js';
import { Decision } from '../decision.js';
import { notOpen, type RoundRobinTurn } from '../round-robin-turn.js';
import type { RoutableBackend, RouteDecision } from '../route.js';

/** What the affinity routes of one route share: the table of its keys, and whose turn it is when a new one comes. */
export class Affinity {
  readonly routeName: string;
  readonly table: AffinityTable;
  readonly turn: RoundRobinTurn;
  private readonly scratch = Buffer.alloc(MAX_KEY_BYTES);

  constructor(routeName: string, table: AffinityTable, turn: RoundRobinTurn) {
    this.routeName = routeName;
    this.table = table;
    this.turn = turn;
  }

  /** The same as {@link decide} for a key as text, one character an octet. */
  decideText(key: string): RouteDecision | RpcError {
    if (key.length > MAX_KEY_BYTES) return this.tooLong();
    return this.decide(this.scratch, 0, this.scratch.write(key, 'latin1'), 0);
  }

  /** See {@link MethodRoute.foresee}. */
  foresee(buf: Buffer, start: number, end: number): number {
    return end - start > MAX_KEY_BYTES ? 0 : this.table.foresee(buf, start, end);
  }

  /**
   * The backend that owns the key `buf[start…end)`; a new key gets the next one and keeps it.
   * @param foreseen what the table foresaw for the key, or 0
   */
  decide(buf: Buffer, start: number, end: number, foreseen: number): RouteDecision | RpcError {
    const { table } = this;
    if (end - start > MAX_KEY_BYTES) return this.tooLong();
    const known = table.hold(buf, start, end, foreseen);
    if (known !== 0) {
      const owner = table.backendOf(known);
      if (owner.isOpen()) return Decision.held(owner, table, known);
      table.release(known);
      return notOpen(this.routeName, owner);
    }
    const backend = this.turn.next();
    if (backend instanceof RpcError) return backend;
    const added = table.add(buf, start, end, backend);
    if (added === 0) {
      return new RpcError(
        Status.RESOURCE_EXHAUSTED,
        `route ${this.routeName}: every key of its full affinity table has a call in flight`,
      );
    }
    return Decision.held(backend, table, added);
  }

  /** Binds the key `buf[start…end)` to the backend that answered with it. */
  bind(buf: Buffer, start: number, end: number, backend: RoutableBackend): RpcError | undefined {
    if (end - start > MAX_KEY_BYTES) return this.tooLong();
    const other = this.table.set(buf, start, end, backend);
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
