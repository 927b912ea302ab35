import { statusName } from '../../grpc/status-code.js';
import type { Exposition } from '../../observability/exposition.js';
import { METRICS } from '../../observability/metrics.js';
import type { BackendLink } from '../backends/backend-link.js';
import { type CallCounters, OTHER_STATUS } from '../northbound/call-counters.js';
import type { HeldBudget } from '../northbound/held-budget.js';
import type { Listener } from '../northbound/listener.js';

/** What listeners, their connections and their calls have counted. @param backends by their number */
export function addListener(out: Exposition, listener: Listener, backends: readonly BackendLink[]): void {
  const { name } = listener.config;
  const { northbound, calls, limits, flow } = listener.counted;
  out.add(METRICS.clientConnections, [name], listener.connectionCount);
  out.add(METRICS.clientConnectionsAccepted, [name], northbound.connections);
  out.add(METRICS.clientReceivedBytes, [name], listener.bytes.received);
  out.add(METRICS.clientSentBytes, [name], listener.bytes.sent);
  out.add(METRICS.clientStalls, [name, 'window'], flow.windowStalls);
  out.add(METRICS.clientStalls, [name, 'socket'], flow.socketStalls);
  out.add(METRICS.deadlines, [name], northbound.deadlines);
  out.add(METRICS.httpRejections, [name, 'not_grpc'], northbound.notGrpc);
  out.add(METRICS.httpRejections, [name, 'headers_too_large'], northbound.oversizedHeaders);
  out.add(METRICS.limitHits, [name, 'connections'], northbound.connectionsRefused);
  out.add(METRICS.tlsHandshakesFailed, [name], northbound.handshakesFailed);
  out.add(METRICS.limitHits, [name, 'tls_handshake_timeouts'], northbound.handshakeTimeouts);
  for (const [limit, hits] of Object.entries(limits)) out.add(METRICS.limitHits, [name, limitName(limit)], hits);
  const durations = new Set<CallCounters['durations']>();
  for (const counters of calls.all()) {
    addCalls(out, name, counters, backends);
    if (durations.has(counters.durations)) continue;
    durations.add(counters.durations);
    const { router, route } = counters.series;
    out.addDurations(METRICS.routerDuration, [name, router, route], counters.durations.router);
  }
}

/** A counter's name as a label: `headerBlockBytes` → `header_block_bytes`. */
export function limitName(counter: string): string {
  return counter.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function addCalls(out: Exposition, listener: string, counters: CallCounters, backends: readonly BackendLink[]): void {
  const { router, route, method } = counters.series;
  out.add(METRICS.callsInFlight, [listener, router, route, method], counters.inFlight);
  out.addDurations(METRICS.callDuration, [listener, router, route, method], counters.total);
  const add = (statuses: Float64Array, cluster: string, backend: string): void =>
    statuses.forEach((count, status) => {
      if (count === 0) return;
      const name = status === OTHER_STATUS ? 'OTHER' : statusName(status);
      out.add(METRICS.calls, [listener, router, route, method, cluster, backend, name], count);
    });
  add(counters.unplaced, '', '');
  counters.byBackend.forEach((statuses, index) => {
    const backend = backends[index];
    if (statuses !== undefined && backend !== undefined) add(statuses, backend.clusterName, backend.name);
  });
}

/** How long backends had their calls. */
export function addBackendDurations(out: Exposition, backends: readonly BackendLink[]): void {
  for (const backend of backends) {
    const { clusterName, name, durations } = backend;
    // The one in its place has them now.
    if (backend.successor !== undefined) continue;
    out.addDurations(METRICS.backendDuration, [clusterName, name], durations);
  }
}

/** Bytes held for routing, over all listeners. */
export function addHeldBytes(out: Exposition, budget: HeldBudget): void {
  out.add(METRICS.heldBytes, [], budget.num);
  out.add(METRICS.heldBytesLimit, [], budget.max);
  out.add(METRICS.heldRefusals, [], budget.refused);
}
