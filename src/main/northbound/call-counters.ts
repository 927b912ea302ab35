import type { HeaderList } from '../../http2/hpack/header-list.js';
import { LatencyHistogram } from '../../observability/latency-histogram.js';
import type { BackendLink } from '../backends/backend-link.js';
import type { MethodSeries } from '../routing/route.js';

/** gRPC's statuses are 0–16 (grpc/doc/statuscodes.md); whatever else a backend says shares this place. */
export const OTHER_STATUS = 17;
const STATUSES = OTHER_STATUS + 1;

/** The status that trailers tell; worker threads let none through that is not a number. */
export function statusOf(trailers: HeaderList): number {
  const status = trailers.get('grpc-status');
  return status === '0' ? 0 : Number(status ?? OTHER_STATUS);
}

/** What every method of one route on one listener shares. */
export interface RouteDurations {
  readonly router: LatencyHistogram;
}

/** The calls of one method of one route on one listener. A call finds it once and counts with array and field writes only. */
export class CallCounters {
  readonly series: MethodSeries;
  begun = 0;
  readonly total = new LatencyHistogram();
  readonly durations: RouteDurations;
  /** Calls that ended, by status: those that reached no backend, and for each backend by its number. */
  readonly unplaced = new Float64Array(STATUSES);
  readonly byBackend: (Float64Array | undefined)[] = [];

  constructor(series: MethodSeries, durations: RouteDurations) {
    this.series = series;
    this.durations = durations;
  }

  /** Calls under way. */
  get inFlight(): number {
    let ended = 0;
    for (const statuses of [this.unplaced, ...this.byBackend]) for (const n of statuses ?? []) ended += n;
    return this.begun - ended;
  }

  /**
   * A call is over.
   * @param backend it was sent to, or null
   * @param status any number
   * @param totalMs since its headers came
   * @param backendMs the backend's part of that, or -1 when the call was cut short and nobody knows
   */
  ended(backend: BackendLink | null, status: number, totalMs: number, backendMs: number): void {
    const place = status >= 0 && status < OTHER_STATUS ? status : OTHER_STATUS;
    this.total.observe(totalMs);
    if (backend === null) {
      this.unplaced[place]!++;
      this.durations.router.observe(totalMs);
      return;
    }
    const statuses = this.byBackend[backend.index] ?? this.meet(backend);
    statuses[place]!++;
    if (backendMs < 0) return;
    backend.durations.observe(backendMs);
    this.durations.router.observe(Math.max(0, totalMs - backendMs));
  }

  private meet(backend: BackendLink): Float64Array {
    // Filled up to the place, so that the array never gets holes, which are slow.
    while (this.byBackend.length <= backend.index) this.byBackend.push(undefined);
    const statuses = new Float64Array(STATUSES);
    this.byBackend[backend.index] = statuses;
    return statuses;
  }
}

const NO_ROUTE: MethodSeries = { router: '', route: '', method: 'other' };

/** All call counters of one listener. Their number is bounded by the configuration. */
export class ListenerCalls {
  /** Calls that no route took. */
  readonly unrouted = new CallCounters(NO_ROUTE, { router: new LatencyHistogram() });
  private readonly known = new Map<MethodSeries, CallCounters>();
  private readonly byName = new Map<string, CallCounters>();
  private readonly byRoute = new Map<string, RouteDurations>();

  /** The counters of a method's calls. */
  of(series: MethodSeries): CallCounters {
    return this.known.get(series) ?? this.add(series);
  }

  /** The configuration has changed: methods of the same names count on, however they come now. */
  forgetSeries(): void {
    this.known.clear();
  }

  /** Methods of the same name on routes of the same name are one to Prometheus, so they count together. */
  private add(series: MethodSeries): CallCounters {
    const { router, route, method } = series;
    const routeKey = JSON.stringify([router, route]);
    const durations = this.byRoute.get(routeKey) ?? { router: new LatencyHistogram() };
    this.byRoute.set(routeKey, durations);
    const key = JSON.stringify([router, route, method]);
    const counters = this.byName.get(key) ?? new CallCounters(series, durations);
    this.byName.set(key, counters);
    this.known.set(series, counters);
    return counters;
  }

  /** Those that have counted something. */
  all(): CallCounters[] {
    return [this.unrouted, ...this.byName.values()].filter(({ begun }) => begun > 0);
  }
}
