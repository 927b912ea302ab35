import { HeaderField, Indexing } from '../../http2/hpack/header-field.js';
import type { ReplyBinding, Reservation, RoutableBackend, RouteDecision } from './route.js';

/** A {@link RouteDecision}; one class, so that all decisions have one shape for the calls that read them. */
export class Decision implements RouteDecision {
  readonly backend: RoutableBackend;
  readonly connection: number = -1;
  readonly answerName: string | undefined = undefined;
  readonly answerValue: string | undefined = undefined;
  readonly replyBinding: ReplyBinding | undefined = undefined;
  reservation: Reservation | undefined = undefined;

  constructor(backend: RoutableBackend, more: Partial<Omit<RouteDecision, 'backend' | 'reservation'>> = NOTHING_MORE) {
    this.backend = backend;
    if (more.connection !== undefined) this.connection = more.connection;
    if (more.answerName !== undefined) this.answerName = more.answerName;
    if (more.answerValue !== undefined) this.answerValue = more.answerValue;
    if (more.replyBinding !== undefined) this.replyBinding = more.replyBinding;
  }

  /** For one call; the others are made once and serve any number of them. */
  static reserved(backend: RoutableBackend, reservation: Reservation): Decision {
    const decision = new Decision(backend);
    decision.reservation = reservation;
    return decision;
  }
}

const NOTHING_MORE = {};

/** The field that a decision adds to the response headers (binding routes). */
export function answerField({ answerName, answerValue }: RouteDecision): HeaderField | undefined {
  return answerName === undefined ? undefined : new HeaderField(answerName, answerValue!, Indexing.repeated);
}
