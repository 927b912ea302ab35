import { createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { CertificateMaterial } from '../../port/control-messages.js';
import type { ApiConfig } from '../config/routing-file.js';
import { TlsAcceptor, type TlsAcceptorOwner } from '../northbound/tls-acceptor.js';

/** Operators and their tools are few. */
const MAX_CONNECTIONS = 256;
/** What a connection may still take to end when the port is closed, in ms. */
const LAST_WORDS_MS = 1000;

/**
 * The control API's port. It accepts connections itself and hands them to the gRPC server, so that their number is bounded,
 * certificates can be replaced while it listens, and TLS is the same as that of a server of the routing file.
 */
export class ControlListener implements TlsAcceptorOwner {
  private readonly config: ApiConfig;
  private readonly serve: (socket: Socket) => void;
  private readonly handshakeMs: number;
  private readonly log: Logger;
  private readonly server: Server;
  private tls: TlsAcceptor | null;
  private readonly sockets = new Set<Socket>();

  /**
   * @param serve takes a connection on
   * @param handshakeMs time for a TLS handshake, in ms
   */
  constructor(config: ApiConfig, handshakeMs: number, serve: (socket: Socket) => void, log: Logger) {
    this.config = config;
    this.serve = serve;
    this.log = log;
    this.handshakeMs = handshakeMs;
    this.tls = this.acceptor(config);
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    this.server.maxConnections = MAX_CONNECTIONS;
    this.server.on('error', (error) => {
      if (this.server.listening)
        log.error({ event: 'accept_failed', err: error }, 'a connection to the control API was not accepted');
    });
  }

  /** Opens the port. @throws Error (rejects) when it cannot be had */
  listen(): Promise<void> {
    const { address: host, port } = this.config;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port }, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  private acceptor({ tls }: ApiConfig): TlsAcceptor | null {
    return tls === undefined ? null : new TlsAcceptor(tls, this.handshakeMs, this);
  }

  /** New connections are secured as this says; those that are open stay. */
  configure(config: ApiConfig): void {
    this.tls?.close();
    this.tls = this.acceptor(config);
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    if (this.tls !== null) {
      this.tls.accept(socket);
      return;
    }
    // The gRPC server does not listen to the errors of sockets that it did not accept.
    socket.on('error', () => {});
    this.serve(socket);
  }

  onSecured(socket: TLSSocket): void {
    socket.on('error', () => {});
    this.serve(socket);
  }

  onHandshakeFailed(peer: string, reason: string): void {
    this.log.debug({ event: 'handshake_failed', peer, reason }, 'TLS handshake with the control API failed');
  }

  /** New handshakes use this; connections stay. Only with TLS. */
  renewCertificates(material: CertificateMaterial): void {
    this.tls?.renew(material);
  }

  /** Closes the port. Connections have a moment for what was written last, such as that the router drains. */
  close(): void {
    this.server.close();
    this.tls?.close();
    setTimeout(() => {
      for (const socket of this.sockets) socket.destroy();
    }, LAST_WORDS_MS).unref();
  }
}
