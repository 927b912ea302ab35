import type { Logger } from 'pino';
import { Status } from '../../grpc/status-code.js';
import { HeaderField, Indexing } from '../../http2/hpack/header-field.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type {
  BackendPlan,
  BackendSnapshot,
  CertificateMaterial,
  ConnectionEvent,
  ConnectionPlan,
} from '../../port/control-messages.js';
import { BackendTls } from '../southbound/backend-tls.js';
import { Connection, type ConnectionOwner } from '../southbound/connection.js';
import type { ReplicaStream } from '../southbound/replica-stream.js';
import type { BackendContext } from './backend-context.js';
import { type BackendCounters, newBackendCounters } from './backend-counters.js';
import { GracePeriods } from './grace-periods.js';
import type { MethodKind } from './method-kind.js';
import { Request } from './request.js';
import type { RequestRegistry } from './request-registry.js';
import { dropStalled } from './stall-watch.js';

/**
 * One backend (shard): its connections (replicas) and its requests in progress. Only this thread ever touches them, so
 * opening, splitting and closing streams needs no lock.
 */
export class Backend implements ConnectionOwner {
  readonly index: number;
  readonly cluster: string;
  readonly name: string;
  /** True for `active_active`: replicas may answer differently, come late, and decline. */
  readonly replicated: boolean;
  readonly context: BackendContext;
  readonly counters: BackendCounters = newBackendCounters();
  readonly connections: Connection[];
  private readonly associationKey: string;
  private readonly tls: BackendTls | null;
  private readonly registry: RequestRegistry;
  readonly grace = new GracePeriods();
  /** Requests that have not ended for their clients. */
  private requests = 0;
  /** The routing file does not have it any more: its last calls end, then it is forgotten. */
  retired = false;
  private readonly log: Logger;
  private readonly connectionLog: Logger;

  constructor(plan: BackendPlan, context: BackendContext, registry: RequestRegistry) {
    this.index = plan.index;
    this.cluster = plan.cluster;
    this.name = plan.name;
    this.replicated = plan.replicated;
    this.associationKey = plan.associationKey;
    this.context = context;
    this.registry = registry;
    this.tls = plan.tls === undefined ? null : new BackendTls(plan.tls);
    const ids = { cluster: plan.cluster, backend: plan.name };
    this.log = context.log.child(ids);
    this.connectionLog = context.connections.log.child(ids);
    this.connections = plan.connections.map((connection, index) => this.connect(connection, index));
  }

  private connect(plan: ConnectionPlan, index: number): Connection {
    return new Connection(plan, index, this.tls, this, this.context.connections, this.connectionLog);
  }

  /** The routing file has changed: connections get their addresses, and those that are new are dialled. */
  update(plans: readonly ConnectionPlan[]): void {
    for (const [index, plan] of plans.entries()) {
      const connection = this.connections[index];
      if (connection !== undefined) {
        connection.move(plan.addr, plan.port);
      } else {
        const added = this.connect(plan, index);
        this.connections.push(added);
        added.start();
      }
    }
  }

  /** Gets no more calls: every connection ends with the last call on it. */
  retire(): void {
    this.retired = true;
    this.close();
  }

  /** True while a client waits for one of its requests. */
  get busy(): boolean {
    return this.requests > 0;
  }

  /** Dials every connection whose address is known. */
  start(): void {
    for (const connection of this.connections) connection.start();
  }

  /**
   * Begins a request: a leg on every open connection, or on the one named.
   * @param only index of that connection, or -1 for all
   * @param report main wants to know how the legs came out
   */
  open(
    slot: number,
    generation: number,
    kind: MethodKind,
    only: number,
    associationId: string,
    headers: HeaderList,
    halfClosed: boolean,
    report: boolean,
  ): void {
    const extra =
      associationId === '' || this.associationKey === ''
        ? undefined
        : new HeaderField(this.associationKey, associationId, Indexing.once);
    const replicated = this.replicated && only < 0;
    const request = new Request(slot, generation, this, kind, headers, extra, halfClosed, replicated, report);
    this.registry.put(request);
    this.requests++;
    const { connections } = this;
    for (let i = 0; i < connections.length; i++) {
      const connection = connections[i]!;
      if ((only < 0 || only === i) && connection.takesLegs) request.addLeg(connection);
    }
    if (request.legs.length === 0) this.openOnExpected(request, only);
    if (request.legs.length === 0) request.fail(Status.UNAVAILABLE, this.noneOpen(only));
  }

  /** No connection is open: those that are about to be back get the call then. */
  private openOnExpected(request: Request, only: number): void {
    for (const [i, connection] of this.connections.entries()) {
      if ((only < 0 || only === i) && connection.isExpected) request.addLeg(connection);
    }
  }

  private noneOpen(only: number): string {
    return only < 0 ? 'no open connection' : `connection ${this.connections[only]?.name ?? only} is not open`;
  }

  /** The request is over for the client. */
  forget(request: Request): void {
    if (this.registry.remove(request)) this.requests--;
    // Legs that wait for their turn still need it.
    if (request.openLegs === 0) request.dropBacklog();
  }

  onOpen(connection: Connection): void {
    this.tell(connection);
    if (connection.takesLegs) this.onTakesLegs(connection);
  }

  /** Nobody waits for these legs any more: those that are open may finish within the grace period. */
  linger(legs: readonly ReplicaStream[]): void {
    const { settings, turn } = this.context;
    const endsAt = turn.nowMs() + settings.discardGraceMs;
    for (const leg of legs) leg.finishUntil(endsAt);
  }

  /** A connection became ready: every request in progress gets a leg on it. */
  onTakesLegs(connection: Connection): void {
    let caughtUp = 0;
    for (const request of this.registry) if (request.backend === this && request.catchUp(connection)) caughtUp++;
    this.counters.catchUps += caughtUp;
    if (caughtUp > 0) {
      this.log.info(
        { event: 'replica_caught_up', connection: connection.name, requests: caughtUp },
        'replica is caught up on requests in progress',
      );
    }
  }

  onClosed(connection: Connection): void {
    this.tell(connection);
  }

  private tell(connection: Connection): void {
    const { index, isOpen: open, isExpected: expected } = connection;
    const event: ConnectionEvent = { kind: 'connection', backend: this.index, connection: index, open, expected };
    this.context.port.control(event);
  }

  /** Looks for what takes too long. @param nowMs of performance.now() */
  sweep(nowMs: number): void {
    for (const connection of this.connections) connection.sweep(nowMs);
    this.grace.sweep(nowMs);
  }

  /** Connections that are dialled from now on use these; open ones stay as they are. */
  renewCertificates(material: CertificateMaterial): void {
    this.tls?.renew(material);
  }

  /** Drops replicas that hold `request` up; see stall-watch.ts. @param nowMs of performance.now() */
  dropStalled(request: Request, nowMs: number): void {
    const dropped = dropStalled(request, nowMs, this.context.settings.replicaStallMs);
    if (dropped === 0) return;
    this.counters.legsStalled += dropped;
    this.log.warn(
      { event: 'replica_stalled', dropped },
      'a replica that took no request bytes was dropped from a call',
    );
  }

  /** @param requests those of this backend */
  snapshot(requests: readonly Request[]): BackendSnapshot {
    let replicaStreams = 0;
    let backlogBytes = 0;
    for (const request of requests) {
      replicaStreams += request.openLegs;
      backlogBytes += request.backlogBytes;
    }
    return {
      index: this.index,
      requests: requests.length,
      replicaStreams,
      backlogBytes,
      counters: { ...this.counters },
      connections: this.connections.map((connection) => connection.snapshot()),
    };
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }
}
