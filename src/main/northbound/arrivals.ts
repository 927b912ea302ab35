import { MESSAGE_PREFIX_BYTES } from '../../grpc/message-boundary.js';
import type { Flushable, Turn } from '../../http2/codec/turn.js';

/** A call that waits for the end of the turn with its first message. */
export interface ArrivedCall {
  /**
   * Asked of all that wait before the first of them is routed; `buf[start…end)` is the message without its prefix. Where the
   * configuration has changed meanwhile this finds its route anew, and the call may be over then.
   * @returns see {@link MethodRoute.foresee}
   */
  foresee(buf: Buffer, start: number, end: number): number;
  /** Routes the call, and passes on what has come. */
  routeArrived(arrival: Arrival): void;
}

/** What there is of a request whose first message is whole. */
export class Arrival {
  call: ArrivedCall | null = null;
  buf: Buffer = NO_BYTES;
  /** The message's prefix begins here. */
  start = 0;
  messageEnd = 0;
  /** Of what has come. */
  end = 0;
  /** Nothing follows. */
  last = false;
  foreseen = 0;
}

const NO_BYTES = Buffer.alloc(0);

/**
 * So many are routed before the turn's end: more gain nothing, and their places are kept. A table fetches as many keys at
 * once (MAX_AHEAD in key-rows.ts).
 */
const MAX_TOGETHER = 64;

/**
 * Calls whose first message came in this turn of the event loop. They are routed together at its end, in the order in which they
 * came: a table of very many keys then fetches all that it looks at at once ({@link MethodRoute.foresee}). They lose
 * no time by that, for what is sent to a worker leaves at the end of the turn. Calls whose route has nothing to fetch wait with
 * them, so that there is one way.
 */
export class Arrivals implements Flushable {
  private readonly turn: Turn;
  /** Used turn after turn; those from `count` on are empty. */
  private readonly arrivals: Arrival[] = [];
  private count = 0;
  private scheduled = false;

  constructor(turn: Turn) {
    this.turn = turn;
  }

  /** Has the call routed at the end of this turn; see {@link Arrival}. */
  add(call: ArrivedCall, buf: Buffer, start: number, messageEnd: number, end: number, last: boolean): Arrival {
    if (!this.scheduled) {
      this.scheduled = true;
      this.turn.addWork(this);
    }
    if (this.count === MAX_TOGETHER) this.routeAll();
    if (this.count === this.arrivals.length) this.arrivals.push(new Arrival());
    const arrival = this.arrivals[this.count++]!;
    arrival.call = call;
    arrival.buf = buf;
    arrival.start = start;
    arrival.messageEnd = messageEnd;
    arrival.end = end;
    arrival.last = last;
    return arrival;
  }

  /** The end of the turn. */
  flush(): void {
    this.scheduled = false;
    this.routeAll();
  }

  /** Routes those that wait, now. Nothing that this leads to reads from a client, so none is added meanwhile. */
  routeAll(): void {
    const { arrivals, count } = this;
    this.count = 0;
    for (let i = 0; i < count; i++) {
      const arrival = arrivals[i]!;
      const { call, buf, start, messageEnd } = arrival;
      arrival.foreseen = call!.foresee(buf, start + MESSAGE_PREFIX_BYTES, messageEnd);
    }
    for (let i = 0; i < count; i++) {
      const arrival = arrivals[i]!;
      arrival.call!.routeArrived(arrival);
      arrival.call = null;
      arrival.buf = NO_BYTES;
    }
  }
}
