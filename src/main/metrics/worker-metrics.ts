import type { Exposition } from '../../observability/exposition.js';
import type { LoopReading } from '../../observability/loop-monitor.js';
import { METRICS } from '../../observability/metrics.js';
import type { BackendSnapshot, WorkerSnapshot } from '../../port/control-messages.js';
import type { BackendLink } from '../backends/backend-link.js';
import type { WorkerHost } from '../backends/worker-host.js';
import { limitName } from './call-metrics.js';

/** The states of a connection (workers/southbound/connection-state.ts). */
const CONNECTION_STATES = ['unset', 'dialling', 'open', 'waiting', 'closed'] as const;

/** Fan-out outcomes by the counter of workers/backend/backend-counters.ts that has them. */
const OUTCOMES = {
  legsActive: 'active',
  legsDiscarded: 'discarded',
  legsDeclined: 'not-acquired',
  legsLost: 'lost',
  legsCancelled: 'cancelled',
} as const;

/**
 * What one worker thread holds and has counted. @param snapshot null when it did not answer in time
 * @param backends by their number
 */
export function addWorker(
  out: Exposition,
  host: WorkerHost,
  snapshot: WorkerSnapshot | null,
  backends: readonly BackendLink[],
): void {
  const worker = String(host.id);
  out.add(METRICS.workerUp, [worker], snapshot === null ? 0 : 1);
  out.add(METRICS.workerDeaths, [worker], host.deaths);
  if (snapshot === null) return;
  out.add(METRICS.workerHeap, [worker], snapshot.heapUsedBytes);
  out.add(METRICS.workerHeapLimit, [worker], snapshot.heapLimitBytes);
  out.add(METRICS.backendStalls, [worker, 'window'], snapshot.flow.windowStalls);
  out.add(METRICS.backendStalls, [worker, 'socket'], snapshot.flow.socketStalls);
  for (const [limit, hits] of Object.entries(snapshot.limits)) {
    out.add(METRICS.backendLimitHits, [worker, limitName(limit)], hits);
  }
  addLoop(out, `worker-${worker}`, snapshot.loop);
  addPort(out, worker, host, snapshot);
  for (const backend of snapshot.backends) addBackend(out, backends[backend.index]!, backend);
}

/** How a thread's event loop does. */
export function addLoop(out: Exposition, thread: string, loop: LoopReading): void {
  out.add(METRICS.loopDelay, [thread, 'p50'], loop.delayP50);
  out.add(METRICS.loopDelay, [thread, 'p99'], loop.delayP99);
  out.add(METRICS.loopDelay, [thread, 'max'], loop.delayMax);
  out.add(METRICS.loopActive, [thread], loop.activeSeconds);
  out.add(METRICS.loopIdle, [thread], loop.idleSeconds);
}

function addPort(out: Exposition, worker: string, host: WorkerHost, up: WorkerSnapshot): void {
  const down = host.traffic;
  if (down === undefined) return;
  out.add(METRICS.portBatches, [worker, 'down'], down.batches);
  out.add(METRICS.portBatches, [worker, 'up'], up.batches);
  out.add(METRICS.portBytes, [worker, 'down'], down.bytes);
  out.add(METRICS.portBytes, [worker, 'up'], up.bytes);
  // Two threads never stop at one moment: what one counted while the other's answer was on its way can make it less than 0.
  out.add(METRICS.portQueue, [worker, 'down'], Math.max(0, down.batches - up.batchesRead));
  out.add(METRICS.portQueue, [worker, 'up'], Math.max(0, up.batches - down.batchesRead));
}

function addBackend(out: Exposition, backend: BackendLink, snapshot: BackendSnapshot): void {
  const { clusterName: cluster, name, connectionNames } = backend;
  const { counters } = snapshot;
  const count = (counter: string): number => counters[counter] ?? 0;
  out.add(METRICS.requests, [cluster, name], snapshot.requests);
  out.add(METRICS.replicaStreams, [cluster, name], snapshot.replicaStreams);
  out.add(METRICS.backlogBytes, [cluster, name], snapshot.backlogBytes);
  for (const [counter, outcome] of Object.entries(OUTCOMES)) {
    out.add(METRICS.fanOut, [cluster, name, outcome], count(counter));
  }
  out.add(METRICS.stalledReplicas, [cluster, name], count('legsStalled'));
  out.add(METRICS.resentLegs, [cluster, name], count('legsResent'));
  out.add(METRICS.catchUps, [cluster, name, 'done'], count('catchUps'));
  out.add(METRICS.catchUps, [cluster, name, 'refused'], count('catchUpsRefused'));
  out.add(METRICS.replayOverflows, [cluster, name], count('replayOverflows'));
  snapshot.connections.forEach((connection, i) => {
    const labels = [cluster, name, connectionNames[i]!] as const;
    for (const state of CONNECTION_STATES) {
      out.add(METRICS.connectionState, [...labels, state], connection.state === state ? 1 : 0);
    }
    out.add(METRICS.connectionDials, labels, connection.dials);
    out.add(METRICS.connectionOpens, labels, connection.opens);
    out.add(METRICS.connectionStreams, labels, connection.streams);
    out.add(METRICS.connectionWaiting, labels, connection.waiting);
    out.add(METRICS.connectionReceivedBytes, labels, connection.receivedBytes);
    out.add(METRICS.connectionSentBytes, labels, connection.sentBytes);
    if (connection.rttMs >= 0) out.add(METRICS.connectionPing, labels, connection.rttMs / 1000);
  });
}
