import { randomUUID } from 'node:crypto';
import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import { LatencyHistogram } from '../../observability/latency-histogram.js';
import type {
  BackendPlan,
  BackendTlsPlan,
  CertificateMaterial,
  ConnectionAddress,
} from '../../port/control-messages.js';
import type { AssociationConfig, BackendConfig } from '../config/routing-file.js';
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
  readonly connectionNames: readonly string[];
  readonly association: AssociationConfig | undefined;
  /** How long it had its calls, as its worker measured it. */
  readonly durations = new LatencyHistogram();
  private readonly replicated: boolean;
  private readonly serials: SerialNumbers;
  /** Where the connections lead now: SetConnection changes it, and a replaced worker is given it. */
  private readonly addresses: ConnectionAddress[];
  /** What connections are secured with now; a replaced worker is given it. Undefined = plain text. */
  private tls: BackendTlsPlan | undefined;
  private readonly open: boolean[];
  private openCount = 0;
  private port: WorkerPort | null = null;
  /** Called when a connection opened, closed or got an address. */
  onAvailability: () => void = () => {};

  /** @param serials of the cluster: all its backends count together */
  constructor(index: number, clusterName: string, config: BackendConfig, serials: SerialNumbers) {
    this.index = index;
    this.clusterName = clusterName;
    this.name = config.name;
    this.association = config.association;
    this.replicated = config.type === 'active_active';
    this.serials = serials;
    this.addresses = config.connections.map(({ name, addr, port }) => ({ name, addr, port }));
    this.connectionNames = config.connections.map(({ name }) => name);
    this.tls = config.tls && { material: config.tls.certificates.material, serverName: config.tls.serverName };
    this.open = config.connections.map(() => false);
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
      connections: [...this.addresses],
      tls: this.tls,
    };
  }

  isOpen(): boolean {
    return this.openCount > 0;
  }

  isConnectionOpen(index: number): boolean {
    return this.open[index] === true;
  }

  /** The worker says that a connection opened or closed. */
  setConnectionOpen(index: number, open: boolean): void {
    if (this.open[index] === open) return;
    this.open[index] = open;
    this.openCount += open ? 1 : -1;
    this.onAvailability();
  }

  /** A connection has a new address; the worker is told by the caller. */
  setAddress(connection: number, addr: string, port: number): void {
    this.addresses[connection] = { name: this.connectionNames[connection]!, addr, port };
    this.onAvailability();
  }

  /** False while the connection waits for SetConnection to give it an address. */
  hasAddress(index: number): boolean {
    return this.addresses[index]!.addr !== '';
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
    this.openCount = 0;
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
