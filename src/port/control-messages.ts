/**
 * What the threads say to each other besides records: the named tasks of a worker (control plane, through Piscina) and the
 * events a worker posts on its port. Everything here is plain cloneable data.
 */
import type { MessagePort } from 'node:worker_threads';
import type { FlowCounters } from '../http2/session/flow-counters.js';
import type { LimitCounters } from '../http2/session/limit-counters.js';
import type { SessionLimits } from '../http2/session/options.js';
import type { ThreadLevels } from '../observability/log.js';
import type { LoopReading } from '../observability/loop-monitor.js';

/** One connection of a backend as it should be; `addr` `''` with port 0 is not known yet. */
export interface ConnectionPlan {
  readonly name: string;
  readonly addr: string;
  /** 0 or 1–65535. */
  readonly port: number;
  /** It is dialled and kept, but takes no new legs. */
  readonly drained: boolean;
}

/** What one side of a TLS connection shows and trusts, as PEM text. Certificate and key are given together or not at all. */
export interface CertificateMaterial {
  /** The certificate, followed by those of its issuers. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Whom to trust; undefined = the authorities that Node.js ships with, and NODE_EXTRA_CA_CERTS. */
  readonly ca: string | undefined;
}

/** TLS to a backend. */
export interface BackendTlsPlan {
  readonly material: CertificateMaterial;
  /** The name that the backends' certificates must have; undefined = the address of the connection. */
  readonly serverName: string | undefined;
}

/** A backend as a worker needs it. */
export interface BackendPlan {
  /** Number of the backend in the whole process; OPEN records name it. */
  readonly index: number;
  readonly cluster: string;
  readonly name: string;
  readonly replicated: boolean;
  /** Metadata key that carries the association id, or '' when it is not carried in metadata. */
  readonly associationKey: string;
  readonly connections: readonly ConnectionPlan[];
  /** Undefined = plain text. */
  readonly tls: BackendTlsPlan | undefined;
}

/** What a worker needs to know of the process settings: bytes, milliseconds, counts. */
export interface WorkerSettings extends SessionLimits {
  readonly maxMessageBytes: number;
  readonly replayLimit: number;
  readonly replayBytes: number;
  readonly discardGraceMs: number;
  readonly replicaStallMs: number;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  readonly connectTimeoutMs: number;
  readonly retryWaitMs: number;
  readonly backendKeepaliveMs: number;
  readonly backendKeepaliveIdle: boolean;
}

/** Task `start`: the first task a worker thread gets, with the data port in its transfer list. */
export interface StartTask {
  /** Names the thread in its log, and stays the same when the thread is replaced. */
  readonly name: string;
  readonly port: MessagePort;
  readonly settings: WorkerSettings;
  readonly logLevels: ThreadLevels;
  readonly backends: readonly BackendPlan[];
}

/** Task `move`: a connection gets a (new) address; `addr` `''` with port 0 takes it out of service. */
export interface MoveTask {
  readonly backend: number;
  readonly connection: number;
  readonly addr: string;
  readonly port: number;
}

/** Task `certificates`: the files of a backend with TLS have changed; dials from now on use this. */
export interface CertificatesTask {
  readonly backend: number;
  readonly material: CertificateMaterial;
}

/** Task `drain`: a connection takes no new legs any more, or takes them again. */
export interface DrainTask {
  readonly backend: number;
  readonly connection: number;
  readonly drained: boolean;
}

/** Task `setLogLevels`: what the thread logs from now on. */
export interface LogLevelsTask {
  readonly levels: ThreadLevels;
}

/** Task `requests`: which calls to tell about, by their numbers on the port. */
export interface RequestsTask {
  readonly calls: readonly (readonly [slot: number, generation: number])[];
}

/** One leg of a request. */
export interface LegSnapshot {
  /** Index of the connection in its backend. */
  readonly connection: number;
  /** `LegState` of workers/southbound, or `waiting`: the peer's stream limit does not let it in yet. */
  readonly state: string;
  /** Request bytes that the replica has taken. */
  readonly takenBytes: number;
  /** Bytes of the replica's answer so far. */
  readonly answerBytes: number;
}

/** One request in progress; answer of task `requests`, undefined for those that are over. */
export interface RequestSnapshot {
  /** Request bytes received from the client. */
  readonly receivedBytes: number;
  readonly legs: readonly LegSnapshot[];
}

/** Task `configure`: the routing file has changed. What it does not have any more goes by {@link RetireMessage}. */
export interface ConfigureTask {
  readonly add: readonly BackendPlan[];
  /** Backends that stay, with all their connections: those at the end may be new, the others may have moved. */
  readonly update: readonly BackendPlan[];
}

/** What a connection is and has done. */
export interface ConnectionSnapshot {
  /** `ConnectionState` of workers/southbound. */
  readonly state: string;
  readonly dials: number;
  /** Why it was closed last, or the last attempt failed; `''` when neither has happened. */
  readonly lastError: string;
  readonly opens: number;
  readonly streams: number;
  /** Streams that wait for the peer's limit to let them in. */
  readonly waiting: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Round trip of the last PING; -1 before the first on the session in use. */
  readonly rttMs: number;
}

/** What a backend holds and has counted. */
export interface BackendSnapshot {
  readonly index: number;
  readonly requests: number;
  /** Legs of these requests that can still answer. */
  readonly replicaStreams: number;
  readonly backlogBytes: number;
  /** `BackendCounters` of workers/backend. */
  readonly counters: Readonly<Record<string, number>>;
  /** In the order of the configuration. */
  readonly connections: readonly ConnectionSnapshot[];
}

/** Answer of task `snapshot`: what a worker holds now and has counted, for metrics. */
export interface WorkerSnapshot {
  readonly backends: readonly BackendSnapshot[];
  /** What its sessions with backends refused or ended because of a limit. */
  readonly limits: Readonly<LimitCounters>;
  readonly flow: Readonly<FlowCounters>;
  readonly loop: LoopReading;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  /** Batches posted to the main thread and their bytes, and batches read. */
  readonly batches: number;
  readonly bytes: number;
  readonly batchesRead: number;
}

/** ↓ a backend gets no more calls: its connections end with those they have. On the port, so after every OPEN before it. */
export interface RetireMessage {
  readonly kind: 'retire';
  readonly backend: number;
}

/** ↑ a connection opened, closed, or is not expected back any more. */
export interface ConnectionEvent {
  readonly kind: 'connection';
  readonly backend: number;
  readonly connection: number;
  readonly open: boolean;
  /** Not open, but about to be back: calls may be sent, and wait for it. */
  readonly expected: boolean;
}

/** What comes on the port as an object instead of a batch. */
export type WorkerEvent = ConnectionEvent;
