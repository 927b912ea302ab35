import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import { LatencyHistogram } from '../../observability/latency-histogram.js';
import type { BackendPlan, BackendTlsPlan, CertificateMaterial, ConnectionPlan } from '../../port/control-messages.js';
import type { CertificateFiles } from '../certificates/certificate-source.js';
import type { AssociationConfig, BackendConfig, ConnectionConfig } from '../config/routing-file.js';
import type { RoutableBackend } from '../routing/route.js';
import type { SerialNumbers } from '../routing/transaction-id.js';
import type { PortCall, WorkerPort } from './worker-port.js';

/**
 * The main thread's view of one backend: what it is called, which of its connections are open, and the way to it, the port
 * of the worker that owns it.
 */
export class BackendLink implements RoutableBackend {
  /** Number of the backend in the process. */
  readonly index: number;
  readonly clusterName: string;
  readonly name: string;
  /**
   * By index. A connection that the routing file does not have any more keeps its place, so that indexes mean the same to both
   * threads for ever; it has no address, and may come back.
   */
  readonly connectionNames: string[];
  readonly association: AssociationConfig | undefined;
  /** How long it had its calls, as its worker measured it. */
  readonly durations: LatencyHistogram;
  private readonly replicated: boolean;
  private readonly serials: SerialNumbers;
  /** What the routing file says of the connections: a change there moves them, SetConnection does not change it. */
  private configured: readonly ConnectionConfig[];
  /** The connections as they should be now: the control API changes them, and a replaced worker is given them. */
  private readonly connections: ConnectionPlan[];
  private readonly certificateFiles: CertificateFiles | undefined;
  /** Takes no new keys and no round-robin calls; what is bound to it is still served. */
  private drained = false;
  /** What connections are secured with now; a replaced worker is given it. Undefined = plain text. */
  private tls: BackendTlsPlan | undefined;
  private readonly open: boolean[];
  /** Connections that are about to be back. */
  private readonly expected: boolean[];
  /** Connections that are open and not drained. */
  private usable = 0;
  /** Those, and the ones that are expected and not drained. */
  private reachable = 0;
  private port: WorkerPort | null = null;
  /** Itself while the routing file has it; then what took its place, or undefined. */
  private place: BackendLink | undefined = this;
  /** Called when a connection opened, closed or got an address, or something was drained or brought back. */
  onAvailability: () => void = () => {};

  /**
   * @param serials of the cluster: all its backends count together
   * @param durations of the backend of that name before it
   */
  constructor(
    index: number,
    clusterName: string,
    config: BackendConfig,
    serials: SerialNumbers,
    durations = new LatencyHistogram(),
  ) {
    this.durations = durations;
    this.index = index;
    this.clusterName = clusterName;
    this.name = config.name;
    this.association = config.association;
    this.replicated = config.type === 'active_active';
    this.serials = serials;
    this.connections = config.connections.map(({ name, addr, port }) => ({ name, addr, port, drained: false }));
    this.connectionNames = config.connections.map(({ name }) => name);
    this.tls = config.tls && { material: config.tls.certificates.material, serverName: config.tls.serverName };
    this.open = config.connections.map(() => false);
    this.expected = config.connections.map(() => false);
    this.certificateFiles = config.tls?.certificates.files;
    this.configured = config.connections;
  }

  /** Whether `config` describes this backend, but for its connections: those can change under it. */
  is(config: BackendConfig): boolean {
    return (
      this.name === config.name &&
      this.replicated === (config.type === 'active_active') &&
      isDeepStrictEqual(this.association, config.association) &&
      this.tls?.serverName === config.tls?.serverName &&
      isDeepStrictEqual(this.certificateFiles, config.tls?.certificates.files)
    );
  }

  /**
   * Takes the connections of a new routing file. One whose entry has not changed keeps its address, also that of SetConnection.
   * @returns whether anything has changed, that is, whether the worker has to be told the new {@link plan}
   */
  reconnect(connections: readonly ConnectionConfig[]): boolean {
    const before = this.configured;
    this.configured = connections;
    let changed = false;
    for (const { name, addr, port } of connections) {
      const was = before.find((each) => each.name === name);
      if (was !== undefined && was.addr === addr && was.port === port) continue;
      changed = true;
      const index = this.connectionNames.indexOf(name);
      if (index >= 0) {
        this.setAddress(index, addr, port);
      } else {
        this.connectionNames.push(name);
        this.connections.push({ name, addr, port, drained: false });
        this.open.push(false);
        this.expected.push(false);
      }
    }
    for (const { name } of before) {
      if (connections.some((each) => each.name === name)) continue;
      changed = true;
      this.setAddress(this.connectionNames.indexOf(name), '', 0);
    }
    return changed;
  }

  current(): BackendLink | undefined {
    // Usually one step; a chain after several changes of one backend.
    let link: BackendLink | undefined = this.place;
    while (link !== undefined && link.place !== link) link = link.place;
    return link;
  }

  /** What a new configuration put in its place. */
  get successor(): BackendLink | undefined {
    return this.place === this ? undefined : this.current();
  }

  /** The routing file does not have it any more: it gets no new calls. @param successor has its name and its keys */
  retire(successor: BackendLink | undefined): void {
    this.place = successor;
  }

  /** True while the routing file has the connection with that index. */
  hasConnection(index: number): boolean {
    return this.configured.some(({ name }) => name === this.connectionNames[index]);
  }

  /** What a worker needs to run this backend. */
  plan(): BackendPlan {
    const { association } = this;
    return {
      index: this.index,
      cluster: this.clusterName,
      name: this.name,
      replicated: this.replicated,
      associationKey: association?.location === 'header' ? association.key : '',
      connections: [...this.connections],
      tls: this.tls,
    };
  }

  isOpen(): boolean {
    return this.reachable > 0;
  }

  isRedialling(): boolean {
    return this.usable === 0;
  }

  isConnectionOpen(index: number): boolean {
    return (this.open[index] === true || this.expected[index] === true) && !this.connections[index]!.drained;
  }

  takesNew(): boolean {
    return this.reachable > 0 && !this.drained;
  }

  get isDrained(): boolean {
    return this.drained;
  }

  /** Stops new choices of this backend, or allows them again. */
  setDrained(drained: boolean): void {
    this.drained = drained;
    this.onAvailability();
  }

  /** A connection as it should be. */
  connection(index: number): ConnectionPlan {
    return this.connections[index]!;
  }

  /** A connection takes no new calls, or takes them again; the worker is told by the caller. */
  setConnectionDrained(index: number, drained: boolean): void {
    this.connections[index] = { ...this.connections[index]!, drained };
    this.usableChanged();
  }

  /** The worker says how a connection stands: open, closed and `expected` back, or closed. */
  setConnection(index: number, open: boolean, expected: boolean): void {
    this.open[index] = open;
    this.expected[index] = expected;
    this.usableChanged();
  }

  /** A connection has a new address; the worker is told by the caller. */
  setAddress(connection: number, addr: string, port: number): void {
    this.connections[connection] = { ...this.connections[connection]!, addr, port };
    this.onAvailability();
  }

  /** False while nobody expects the connection to be open: it waits for an address, or an operator drained it. */
  isExpected(index: number): boolean {
    const { addr, drained } = this.connections[index]!;
    return addr !== '' && !drained && !this.drained;
  }

  /** False while nobody expects any connection to be open. */
  get isAnyExpected(): boolean {
    return this.connections.some((_, index) => this.isExpected(index));
  }

  /** Whether connections are secured with something else than this. */
  securedOtherwise(material: CertificateMaterial): boolean {
    return !isDeepStrictEqual(this.tls?.material, material);
  }

  /** The certificates were replaced; the worker is told by the caller. */
  setCertificates(material: CertificateMaterial): void {
    this.tls = { material, serverName: this.tls?.serverName };
  }

  /** A worker has taken the backend over; its connections are all closed at first. */
  attach(port: WorkerPort): void {
    this.port = port;
  }

  /** The worker is gone. */
  detach(): void {
    this.port = null;
    this.open.fill(false);
    this.expected.fill(false);
    this.usableChanged();
  }

  private usableChanged(): void {
    this.usable = this.open.filter((open, index) => open && !this.connections[index]!.drained).length;
    this.reachable = this.open.filter((_, index) => this.isConnectionOpen(index)).length;
    this.onAvailability();
  }

  /** The id by which the replicas of one call agree who acts; '' where the backend has no association. */
  nextTransactionId(): string {
    const { association } = this;
    if (association === undefined) return '';
    return association.strategy === 'uuid' ? randomUUID() : this.serials.next();
  }

  /**
   * Begins `call` on this backend.
   * @param flags RecordFlags
   * @param connection the only connection to use, or -1
   * @returns the port to go on with, or why there is none
   */
  openCall(
    call: PortCall,
    flags: number,
    connection: number,
    transactionId: string,
    headers: HeaderList,
  ): WorkerPort | RpcError {
    const { port } = this;
    if (this.place !== this) {
      // A listener that is gone, too, still routes by what was; the worker may have forgotten the backend.
      return new RpcError(
        Status.UNAVAILABLE,
        `backend ${this.name} of cluster ${this.clusterName} is not configured any more`,
      );
    }
    if (port === null) {
      return new RpcError(
        Status.UNAVAILABLE,
        `backend ${this.name} of cluster ${this.clusterName}: its worker thread is being replaced`,
      );
    }
    port.open(call, flags, this.index, connection, transactionId, headers);
    return port;
  }
}
