/** Every name begins so. */
export const METRIC_PREFIX = 'afrouter_';

/** One metric: what it is called, what it means, and by what it is told apart. */
export interface MetricDefinition<L extends readonly string[] = readonly string[]> {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: L;
}

/** A value for each label, in their order. */
export type Labels<L extends readonly string[]> = { readonly [K in keyof L]: string };

function metric<const L extends readonly string[]>(
  type: MetricDefinition['type'],
  name: string,
  labels: L,
  help: string,
): MetricDefinition<L> {
  return { type, name: METRIC_PREFIX + name, help, labels };
}

const CALL = ['listener', 'router', 'route', 'method'] as const;
const BACKEND = ['cluster', 'backend'] as const;
const CONNECTION = [...BACKEND, 'connection'] as const;
const ROUTE = ['router', 'route'] as const;

/**
 * Every metric of our own; docs/metrics.md is generated from this. Label values come from the configuration, from the service
 * definitions and from fixed lists only, never from what clients send: so the number of series is bounded.
 */
export const METRICS = {
  // ── calls ──────────────────────────────────────────────────────────────────────────────────────────────────────────
  calls: metric(
    'counter',
    'calls_total',
    [...CALL, ...BACKEND, 'status'],
    'Calls that ended, by gRPC status. Router and route are empty where there was none, cluster and backend where the call reached none. Method: `other` for all that neither a service definition nor the routing file names. Status: `OTHER` for numbers that gRPC does not define.',
  ),
  callsInFlight: metric('gauge', 'calls_in_flight', CALL, 'Calls under way.'),
  callDuration: metric('histogram', 'call_duration_seconds', CALL, 'From the request headers to the end of the call.'),
  routerDuration: metric(
    'histogram',
    'router_duration_seconds',
    ['listener', ...ROUTE],
    "The router's part of a call's duration: waiting for the first message, routing, the way to the worker thread and back. Of calls that a backend, or the want of one, ended.",
  ),
  backendDuration: metric(
    'histogram',
    'backend_duration_seconds',
    BACKEND,
    "The backend's part of a call's duration: from its streams being opened to the end of the answer, measured in the worker thread.",
  ),
  deadlines: metric(
    'counter',
    'deadlines_total',
    ['listener'],
    'Calls that the router ended because their deadline was over.',
  ),
  httpRejections: metric(
    'counter',
    'http_rejections_total',
    ['listener', 'reason'],
    'Requests answered with a bare HTTP status: `not_grpc` 405 or 415, `headers_too_large` 431. They count as no call.',
  ),
  heldBytes: metric('gauge', 'held_bytes', [], 'Bytes of requests held for routing and not taken by a backend yet.'),
  heldBytesLimit: metric('gauge', 'held_bytes_limit', [], 'AFROUTER_HELD_BYTES.'),
  heldRefusals: metric('counter', 'held_refusals_total', [], 'Calls refused because AFROUTER_HELD_BYTES were held.'),

  // ── clients ────────────────────────────────────────────────────────────────────────────────────────────────────────
  clientConnections: metric('gauge', 'client_connections', ['listener'], 'Client connections open.'),
  clientConnectionsAccepted: metric(
    'counter',
    'client_connections_accepted_total',
    ['listener'],
    'Client connections accepted.',
  ),
  clientReceivedBytes: metric(
    'counter',
    'client_received_bytes_total',
    ['listener'],
    'Bytes received from clients, on the socket.',
  ),
  clientSentBytes: metric('counter', 'client_sent_bytes_total', ['listener'], 'Bytes sent to clients, on the socket.'),
  tlsHandshakesFailed: metric(
    'counter',
    'tls_handshakes_failed_total',
    ['listener'],
    'TLS handshakes that failed, or whose client was turned away: no certificate, not HTTP/2, too late.',
  ),
  clientStalls: metric(
    'counter',
    'client_stalls_total',
    ['listener', 'cause'],
    'Times that response bytes had to wait: for flow-control window (`window`) or for the socket (`socket`).',
  ),
  limitHits: metric(
    'counter',
    'limit_hits_total',
    ['listener', 'limit'],
    'Times that a client met a limit of the router, by limit: `connections` AFROUTER_MAX_CONNECTIONS, `tls_handshake_timeouts` AFROUTER_TLS_HANDSHAKE_MS; the others are those of an HTTP/2 session, see `LimitCounters` in src/http2/session/limit-counters.ts.',
  ),

  // ── fan-out ────────────────────────────────────────────────────────────────────────────────────────────────────────
  fanOut: metric(
    'counter',
    'fanout_streams_total',
    [...BACKEND, 'outcome'],
    'Replica streams that ended: `active` its answer, or a part of a merged one, went to the client; `discarded` another answer was taken; `not-acquired` it declined; `lost` transport failure, malformed answer or stall; `cancelled` the client or the deadline ended the call.',
  ),
  requests: metric('gauge', 'requests_in_flight', BACKEND, 'Calls under way on a backend, as its worker has it.'),
  replicaStreams: metric('gauge', 'replica_streams', BACKEND, 'Replica streams open for calls under way.'),
  stalledReplicas: metric(
    'counter',
    'stalled_replicas_total',
    BACKEND,
    'Replicas dropped from a call because they took nothing for AFROUTER_REPLICA_STALL_MS; they count as lost too.',
  ),
  resentLegs: metric(
    'counter',
    'resent_replica_streams_total',
    BACKEND,
    'Replica streams sent again because their replica said that it had not processed them (GOAWAY, REFUSED_STREAM).',
  ),
  catchUps: metric(
    'counter',
    'catch_ups_total',
    [...BACKEND, 'result'],
    'Calls under way when a replica came: `done` it was given them, `refused` their backlog had outgrown AFROUTER_REPLAY_LIMIT.',
  ),
  replayOverflows: metric(
    'counter',
    'replay_overflows_total',
    BACKEND,
    'Calls whose backlog outgrew AFROUTER_REPLAY_LIMIT.',
  ),
  backlogBytes: metric('gauge', 'backlog_bytes', BACKEND, 'Request bytes kept for replicas that may come.'),

  // ── connections to backends ────────────────────────────────────────────────────────────────────────────────────────
  connectionState: metric(
    'gauge',
    'connection_state',
    [...CONNECTION, 'state'],
    '1 for the state that the connection is in: unset, dialling, open, waiting or closed; 0 for the others.',
  ),
  connectionDials: metric('counter', 'connection_dials_total', CONNECTION, 'Attempts to connect.'),
  connectionOpens: metric(
    'counter',
    'connection_opens_total',
    CONNECTION,
    'Attempts that led to an open connection: all but the first are reconnects.',
  ),
  connectionStreams: metric('gauge', 'connection_streams', CONNECTION, 'Streams open on the session in use.'),
  connectionWaiting: metric(
    'gauge',
    'connection_waiting_streams',
    CONNECTION,
    "Streams that wait for the peer's SETTINGS_MAX_CONCURRENT_STREAMS.",
  ),
  connectionReceivedBytes: metric(
    'counter',
    'connection_received_bytes_total',
    CONNECTION,
    'Bytes received, on the socket.',
  ),
  connectionSentBytes: metric('counter', 'connection_sent_bytes_total', CONNECTION, 'Bytes sent, on the socket.'),
  connectionPing: metric(
    'gauge',
    'connection_ping_seconds',
    CONNECTION,
    'Round trip of the last PING on the session in use (AFROUTER_BACKEND_KEEPALIVE_MS); missing before the first.',
  ),
  backendLimitHits: metric(
    'counter',
    'backend_limit_hits_total',
    ['worker', 'limit'],
    'Times that a backend met a limit of the router, by limit of an HTTP/2 session.',
  ),
  backendStalls: metric(
    'counter',
    'backend_stalls_total',
    ['worker', 'cause'],
    'Times that request bytes had to wait: for flow-control window (`window`) or for the socket (`socket`).',
  ),

  // ── routing ────────────────────────────────────────────────────────────────────────────────────────────────────────
  affinityEntries: metric('gauge', 'affinity_entries', ROUTE, 'Keys that a route remembers.'),
  affinityForgotten: metric(
    'counter',
    'affinity_forgotten_total',
    [...ROUTE, 'reason'],
    'Keys forgotten: `evicted` to make room, `expired` after AFROUTER_AFFINITY_IDLE_MS.',
  ),
  affinityRefusals: metric(
    'counter',
    'affinity_refusals_total',
    [...ROUTE, 'reason'],
    'Keys not bound: `full` every key of the table had a call in flight, `conflict` the key belongs to another backend.',
  ),
  bindings: metric(
    'gauge',
    'bound_backends',
    ROUTE,
    'Backends that a client of a binding route was given or has named.',
  ),

  // ── threads ────────────────────────────────────────────────────────────────────────────────────────────────────────
  workerUp: metric(
    'gauge',
    'worker_up',
    ['worker'],
    '1 when the worker answered this scrape; without an answer its own series are missing.',
  ),
  workerDeaths: metric(
    'counter',
    'worker_deaths_total',
    ['worker'],
    'Times that the worker thread died and was replaced.',
  ),
  workerHeap: metric('gauge', 'worker_heap_used_bytes', ['worker'], "Bytes of the worker's JavaScript heap in use."),
  workerHeapLimit: metric(
    'gauge',
    'worker_heap_limit_bytes',
    ['worker'],
    "Bytes that the worker's JavaScript heap may take.",
  ),
  loopDelay: metric(
    'gauge',
    'event_loop_delay_seconds',
    ['thread', 'stat'],
    'How late timers fired since the scrape before: `p50`, `p99` or `max`.',
  ),
  loopActive: metric('counter', 'event_loop_active_seconds_total', ['thread'], 'Time that the thread worked.'),
  loopIdle: metric(
    'counter',
    'event_loop_idle_seconds_total',
    ['thread'],
    'Time that the thread waited for something to do.',
  ),
  portBatches: metric(
    'counter',
    'port_batches_total',
    ['worker', 'direction'],
    'Batches posted to the worker (`down`) and by it (`up`).',
  ),
  portBytes: metric('counter', 'port_bytes_total', ['worker', 'direction'], 'Bytes of the batches.'),
  portQueue: metric(
    'gauge',
    'port_queue_batches',
    ['worker', 'direction'],
    'Batches posted and not read yet, about: `down` as the main thread knew when the worker had answered the scrape, `up` as the worker knew when it answered.',
  ),

  // ── the process ────────────────────────────────────────────────────────────────────────────────────────────────────
  ready: metric('gauge', 'ready', [], 'What /readyz says: 1 ready, 0 not.'),
  reloads: metric(
    'counter',
    'config_reloads_total',
    ['result'],
    'Times the configuration was read again: applied or rejected.',
  ),
  buildInfo: metric('gauge', 'build_info', ['version', 'node'], '1; the versions are in the labels.'),
} as const satisfies Record<string, MetricDefinition>;
