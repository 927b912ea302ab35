import { createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { FlowCounters } from '../../http2/session/flow-counters.js';
import type { Limit, LimitCounters } from '../../http2/session/limit-counters.js';
import type { SessionContext, SessionOptions } from '../../http2/session/options.js';
import { LineAllowance, NO_LINE } from '../../observability/line-allowance.js';
import { SocketBytes } from '../../observability/socket-bytes.js';
import type { CertificateMaterial } from '../../port/control-messages.js';
import type { ServerConfig } from '../config/routing-file.js';
import type { ServiceRouter } from '../routing/service-router.js';
import type { CallContext, NorthboundCounters } from './call-context.js';
import type { ListenerCalls } from './call-counters.js';
import { certificateIdentity } from './certificate-identity.js';
import { ClientConnection, type ClientConnectionOwner } from './client-connection.js';
import { IdentityHeaders } from './identity-headers.js';
import { peerOf } from './peer-address.js';
import { TlsAcceptor, type TlsAcceptorOwner } from './tls-acceptor.js';

/** What bounds a listener, and what all listeners agree on. */
export interface ListenerOptions {
  readonly session: SessionOptions;
  /** Connections beyond are closed at once; those in their TLS handshake count. */
  readonly maxConnections: number;
  /** Others may open the same port (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** Time for a TLS handshake, in ms. */
  readonly tlsHandshakeMs: number;
}

/** How often connections are looked at for what takes too long, in ms. */
const SWEEP_MS = 1000;

/** Log lines of what clients can cause: so many a second for ever, and so many at once. */
const LINES_PER_SECOND = 1;
const LINES_AT_ONCE = 20;

/** One entry of `servers[]`: a listening socket and the client connections it has accepted. */
export class Listener implements ClientConnectionOwner, TlsAcceptorOwner {
  private settings: ServerConfig;
  private readonly context: CallContext;
  private readonly session: SessionContext;
  private readonly options: ListenerOptions;
  private readonly server: Server;
  private tls: TlsAcceptor | null;
  /** The `identityKey`s of all listeners: no client may set them on any. */
  private identityKeys: readonly string[] = [];
  /** Sockets accepted before there is anything to serve them by; null from then on. */
  private early: Socket[] | null = [];
  /** Everything accepted and not yet closed: connections and, with TLS, handshakes. */
  private sockets = 0;
  private readonly connections = new Set<ClientConnection>();
  private accepted = 0;
  private readonly sweeper: NodeJS.Timeout;
  private readonly limitLines = new LineAllowance(LINES_PER_SECOND, LINES_AT_ONCE, performance.now());
  private readonly acceptLines = new LineAllowance(LINES_PER_SECOND, LINES_AT_ONCE, performance.now());
  private readonly handshakeLines = new LineAllowance(LINES_PER_SECOND, LINES_AT_ONCE, performance.now());
  /** What its connections carried, TLS and all. */
  readonly bytes = new SocketBytes();
  private draining = false;
  private onEmpty: (() => void) | null = null;

  constructor(config: ServerConfig, context: CallContext, session: SessionContext, options: ListenerOptions) {
    this.settings = config;
    this.context = context;
    this.session = session;
    this.options = options;
    this.tls = this.acceptor();
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    // After `listen` has succeeded only accept() can fail (no file descriptors left): the listener goes on.
    this.server.on('error', (error) => {
      const leftOut = this.server.listening ? this.acceptLines.take(performance.now()) : NO_LINE;
      if (leftOut === NO_LINE) return;
      context.log.error({ event: 'accept_failed', err: error, leftOut }, 'a connection was not accepted');
    });
  }

  /** Its entry in the configuration in use. */
  get config(): ServerConfig {
    return this.settings;
  }

  private acceptor(): TlsAcceptor | null {
    const { tls } = this.settings;
    return tls === undefined ? null : new TlsAcceptor(tls, this.options.tlsHandshakeMs, this);
  }

  /** Serves by a configuration, the first or another one. Connections stay as they were accepted; their next calls go by the new routes. */
  configure(config: ServerConfig, router: ServiceRouter, identityKeys: readonly string[], log: Logger): void {
    const before = this.settings;
    this.settings = config;
    this.context.router = router;
    this.context.log = log;
    this.context.listener = config.name;
    this.context.calls.forgetSeries();
    this.identityKeys = identityKeys;
    // Also on connections from before: a key that is an identity key from now on must not come from a client.
    for (const connection of this.connections) connection.identityHeaders = this.identityHeaders(connection.identity);
    if (!isDeepStrictEqual(before.tls, config.tls)) {
      // Handshakes that have begun end as they would have.
      this.tls = this.acceptor();
    }
    const { early } = this;
    this.early = null;
    for (const socket of early ?? []) if (!socket.destroyed) this.admit(socket);
  }

  /** Opens the port; nobody is served before {@link configure}. @throws Error (rejects) when it cannot be had */
  listen(): Promise<void> {
    const { address, port } = this.config;
    const { reusePort } = this.options;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      // '' means all interfaces, IPv6 and IPv4: Node's default without a host.
      const where = address === '' ? { port, reusePort } : { host: address, port, reusePort };
      this.server.listen(where, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  private accept(socket: Socket): void {
    if (this.sockets >= this.options.maxConnections) {
      this.context.counters.connectionsRefused++;
      this.limitHit('connections', peerOf(socket), `more than ${this.options.maxConnections} connections at a time`);
      socket.on('error', () => {
        // It is being thrown away; what happens to it meanwhile does not matter.
      });
      socket.destroy();
      return;
    }
    this.sockets++;
    this.context.counters.connections++;
    this.bytes.add(socket);
    socket.once('close', () => this.sockets--);
    if (this.early === null) {
      this.admit(socket);
      return;
    }
    socket.on('error', () => {
      // Whoever leaves before there is anything to serve is not served; without a listener the process would end of it.
    });
    this.early.push(socket);
  }

  private admit(socket: Socket): void {
    if (this.tls === null) this.serve(socket, undefined);
    else this.tls.accept(socket);
  }

  onSecured(socket: TLSSocket): void {
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    this.serve(socket, certificate && certificateIdentity(certificate));
  }

  onHandshakeFailed(peer: string, reason: string, late: boolean): void {
    const { counters, log } = this.context;
    counters.handshakesFailed++;
    if (late) {
      counters.handshakeTimeouts++;
      this.limitHit('tlsHandshakeTimeouts', peer, `a TLS handshake longer than ${this.options.tlsHandshakeMs} ms`);
      return;
    }
    const leftOut = this.handshakeLines.take(performance.now());
    if (leftOut !== NO_LINE) log.info({ event: 'handshake_failed', peer, reason, leftOut }, 'TLS handshake failed');
  }

  /** New handshakes use this; connections stay. Only on a listener with TLS. */
  renewCertificates(material: CertificateMaterial): void {
    this.tls?.renew(material);
  }

  /** @param identity what the client's verified certificate says; undefined = not known */
  private serve(socket: Socket, identity: string | undefined): void {
    const { session } = this.options;
    const connection = new ClientConnection(
      socket,
      identity,
      this,
      this.context,
      this.session,
      session,
      ++this.accepted,
    );
    connection.identityHeaders = this.identityHeaders(identity);
    this.connections.add(connection);
    if (this.draining) connection.drain();
  }

  private identityHeaders(identity: string | undefined): IdentityHeaders | null {
    const { identityKeys } = this;
    if (identityKeys.length === 0) return null;
    return new IdentityHeaders(identityKeys, this.settings.tls?.identityKey, identity, this.session.sharedLists);
  }

  connectionClosed(connection: ClientConnection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.onEmpty?.();
  }

  limitHit(limit: Limit | 'connections' | 'tlsHandshakeTimeouts', peer: string, detail: string): void {
    const leftOut = this.limitLines.take(performance.now());
    if (leftOut === NO_LINE) return;
    this.context.log.warn({ event: 'limit_hit', limit, peer, detail, leftOut }, 'a client met a limit');
  }

  /** Its client connections, oldest first. */
  get clients(): Iterable<ClientConnection> {
    return this.connections;
  }

  /** Client connections open now. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /** What its calls and connections counted. */
  get counted(): {
    readonly northbound: NorthboundCounters;
    readonly calls: ListenerCalls;
    readonly limits: LimitCounters;
    readonly flow: FlowCounters;
  } {
    const { counters: northbound, calls } = this.context;
    return { northbound, calls, limits: this.options.session.counters, flow: this.options.session.flow };
  }

  /** Accepts no more, sends every client away (GOAWAY), and resolves when the last call has ended. */
  async drain(): Promise<void> {
    this.draining = true;
    this.server.close();
    for (const connection of [...this.connections]) connection.drain();
    if (this.connections.size > 0) await new Promise<void>((resolve) => (this.onEmpty = resolve));
  }

  private sweep(): void {
    const now = performance.now();
    for (const connection of this.connections) connection.sweep(now);
  }

  /** Ends every connection now. */
  close(): void {
    clearInterval(this.sweeper);
    this.server.close();
    this.tls?.close();
    for (const connection of [...this.connections]) connection.close();
  }
}
