import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { Stream } from '../../http2/stream/stream.js';
import type { BackendLink } from '../backends/backend-link.js';
import type { MethodRoute, RouteDecision } from '../routing/route.js';
import type { CallContext } from './call-context.js';
import type { CallCounters } from './call-counters.js';
import { callName } from './call-name.js';
import type { CallReport } from './call-report.js';
import { CallState } from './call-state.js';
import type { ClientConnection } from './client-connection.js';

/**
 * What is known of a call: who made it, where it went, how far it is. `Call` adds what happens with it; the access log, the
 * tracer and the list of active calls read this part. (A base class and not a part, so that there is one object per call.)
 */
export abstract class CallRecord {
  /** Its number on the port of the backend's worker. */
  slot = -1;
  generation = 0;
  readonly client: ClientConnection;
  protected readonly context: CallContext;
  protected readonly stream: Stream;
  readonly headers: HeaderList;
  state: CallState = CallState.linked;
  route: MethodRoute | null = null;
  decision: RouteDecision | null = null;
  protected counters: CallCounters;
  /** When it began, in ms of performance.now(). */
  readonly beganMs: number;
  /** Set before it begins where somebody wants to know how it ends. */
  report: CallReport | null = null;
  /** Bytes of messages and their prefixes, from the client and to it. */
  requestBytes = 0;
  responseBytes = 0;

  constructor(client: ClientConnection, context: CallContext, stream: Stream, headers: HeaderList) {
    this.client = client;
    this.context = context;
    this.stream = stream;
    this.headers = headers;
    this.counters = context.calls.unrouted;
    this.beganMs = context.turn.nowMs();
  }

  /** See {@link callName}. */
  get name(): string {
    return callName(this.client.listener, this.client.number, this.stream.id);
  }

  /** Where it went; undefined until it is routed. */
  get backend(): BackendLink | undefined {
    // Routing hands back one of the backends it was built with, and they are BackendLinks.
    return this.decision?.backend as BackendLink | undefined;
  }

  /** Counts its end. @param backendMs the backend's time when it is known, else -1 */
  protected count(status: number, backendMs: number): void {
    const nowMs = this.context.turn.nowMs();
    this.counters.ended(this.backend ?? null, status, nowMs - this.beganMs, backendMs);
    this.report?.ended(status, backendMs, nowMs);
  }
}
