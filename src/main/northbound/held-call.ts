import { wholeMessage } from '../../grpc/first-message.js';
import { MESSAGE_PREFIX_BYTES } from '../../grpc/message-boundary.js';
import { RpcError } from '../../grpc/rpc-error.js';
import type { MethodRoute } from '../routing/route.js';
import type { ServiceRouter } from '../routing/service-router.js';
import type { Arrival, ArrivedCall } from './arrivals.js';
import { CallRecord } from './call-record.js';
import { CallState } from './call-state.js';
import { RequestDebt } from './request-debt.js';
import { noMessage, RequestHold } from './request-hold.js';

/**
 * A call whose route looks at the first message, until it is routed: it waits for the message to be whole, and for the end of
 * the turn in which it is (see `Arrivals`). `Call` does the rest; this is its base class and not a part for the reason that
 * {@link CallRecord} has.
 */
export abstract class HeldCall extends CallRecord implements ArrivedCall {
  /** What found its route; null once it is routed, or a long call would keep the configuration it began in. */
  private router: ServiceRouter | null = null;
  /** The first message while it is gathered. */
  private first: RequestHold | null = null;
  /** What there is of the request when the message is whole, until the end of the turn. */
  private arrival: Arrival | null = null;
  /** What the backend's credit covers besides what the client waits for. */
  protected debt: RequestDebt | null = null;

  /**
   * Decides where the call goes and opens it there. Returns false when that failed and the call is over.
   * @param buf holds the first message, without its prefix, from `start` to `end`, where the route needs it
   * @param foreseen see {@link MethodRoute.decide}
   */
  protected abstract link(buf: Buffer, start: number, end: number, foreseen: number, halfClosed: boolean): boolean;
  /** Hands bytes of the request to the backend. */
  protected abstract passOn(buf: Buffer, start: number, end: number, last: boolean): void;
  protected abstract fail(error: RpcError): void;

  /** Begins to wait. @param router found the call's route */
  protected awaitMessage(route: MethodRoute, router: ServiceRouter, halfClosed: boolean): void {
    this.router = router;
    this.state = CallState.holding;
    if (halfClosed) this.fail(noMessage(route.routeName));
  }

  /** Takes the next bytes of the request while the call waits. */
  protected hold(buf: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.arrival !== null) this.followUp(this.arrival, buf, start, end, endStream);
    // Nothing, or padding: what follows may still be whole.
    else if (start < end || endStream) this.gather(buf, start, end, endStream);
  }

  private gather(buf: Buffer, start: number, end: number, endStream: boolean): void {
    const { arrivals, budget, maxMessageBytes } = this.context;
    if (this.first === null) {
      // As is usual, one DATA frame holds the whole message: nothing has to be kept, or made to keep it.
      const messageEnd = wholeMessage(buf, start, end, maxMessageBytes);
      if (messageEnd >= 0) {
        this.arrival = arrivals.add(this, buf, start, messageEnd, end, endStream);
        return;
      }
      this.first = new RequestHold(budget, maxMessageBytes, this.route!.routeName);
    }
    const { first } = this;
    const messageEnd = first.push(buf, start, end, endStream);
    if (messageEnd instanceof RpcError) {
      this.fail(messageEnd);
    } else if (messageEnd < 0) {
      // Its window is given back as it arrives: a message longer than the window would otherwise wait for ever.
      this.debt ??= new RequestDebt(budget);
      this.debt.hold(end - start);
      this.stream.consume(end - start);
    } else {
      const { kept } = first;
      this.first = null;
      this.arrival = arrivals.add(this, kept, 0, messageEnd, kept.length, endStream);
    }
  }

  /** More of a request that waits for the end of the turn. */
  private followUp(arrival: Arrival, buf: Buffer, start: number, end: number, endStream: boolean): void {
    // Some clients end a request with an empty frame of its own.
    if (start === end) {
      arrival.last = endStream;
      return;
    }
    this.context.arrivals.routeAll();
    if (this.state !== CallState.over) this.passOn(buf, start, end, endStream);
  }

  foresee(buf: Buffer, start: number, end: number): number {
    if (this.state === CallState.over) return 0;
    const { router } = this.context;
    // In a configuration that came meanwhile its route may lead elsewhere.
    if (router !== this.router) {
      const route = router.route(this.route!.method.path, this.headers);
      if (route instanceof RpcError) {
        this.fail(route);
        return 0;
      }
      this.route = route;
    }
    const route = this.route!;
    return route.foresee === undefined ? 0 : route.foresee(buf, start, end);
  }

  routeArrived({ buf, start, messageEnd, end, last, foreseen }: Arrival): void {
    this.arrival = null;
    if (this.state === CallState.over) return;
    this.router = null;
    const linked = this.link(buf, start + MESSAGE_PREFIX_BYTES, messageEnd, foreseen, false);
    if (linked) this.passOn(buf, start, end, last);
  }

  /** Lets go of what it waited for. */
  protected letGo(): void {
    this.router = null;
    this.first = null;
    this.arrival = null;
    this.debt?.release();
  }
}
