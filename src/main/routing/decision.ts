import { HeaderField, Indexing } from '../../http2/hpack/header-field.js';
import type { AffinityTable } from './affinity/affinity-table.js';
import type { ReplyBinding, RoutableBackend, RouteDecision } from './route.js';

/** What some decisions say besides the backend. */
type More = Partial<Pick<RouteDecision, 'connection' | 'answerName' | 'answerValue' | 'replyBinding'>>;

/** A {@link RouteDecision}; one class, so that all decisions have one shape for the calls that read them. */
export class Decision implements RouteDecision {
  readonly backend: RoutableBackend;
  readonly connection: number;
  readonly answerName: string | undefined;
  readonly answerValue: string | undefined;
  readonly replyBinding: ReplyBinding | undefined;
  /** Where the key stands that the call is bound by. */
  private readonly table: AffinityTable | null;
  /** Held for the call; 0 = none, or it is released: the row may be another key's by then. */
  private row: number;

  /** @param row held row of `table`, for a decision of one call; without it a decision serves any number of them */
  constructor(backend: RoutableBackend, more: More = NOTHING_MORE, table: AffinityTable | null = null, row = 0) {
    this.backend = backend;
    this.connection = more.connection ?? -1;
    this.answerName = more.answerName;
    this.answerValue = more.answerValue;
    this.replyBinding = more.replyBinding;
    this.table = table;
    this.row = row;
  }

  /** For one call, which holds a row of its key's table. */
  static held(backend: RoutableBackend, table: AffinityTable, row: number): Decision {
    return new Decision(backend, NOTHING_MORE, table, row);
  }

  get key(): string | undefined {
    return this.row === 0 ? undefined : this.table!.keyOf(this.row);
  }

  release(): void {
    if (this.row === 0) return;
    this.table!.release(this.row);
    this.row = 0;
  }
}

const NOTHING_MORE: More = {};

/** The field that a decision adds to the response headers (binding routes). */
export function answerField({ answerName, answerValue }: RouteDecision): HeaderField | undefined {
  return answerName === undefined ? undefined : new HeaderField(answerName, answerValue!, Indexing.repeated);
}
