import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { agreedOnHttp2, HTTP2_TLS } from '../../http2/tls/requirements.js';
import type { CertificateMaterial } from '../../port/control-messages.js';
import type { ClientAuth, ServerTlsConfig } from '../config/routing-file.js';
import { peerOf } from './peer-address.js';

/** Told how each handshake ended. */
export interface TlsAcceptorOwner {
  /** The client may be served. */
  onSecured(socket: TLSSocket): void;
  /** The client is turned away. @param late the handshake was not over in time */
  onHandshakeFailed(peer: string, reason: string, late: boolean): void;
}

/**
 * The TLS of one listener: takes accepted sockets through their handshake, and lets through only clients that speak HTTP/2
 * and, as `clientAuth` says, have shown a certificate that is verified.
 */
export class TlsAcceptor {
  private readonly clientAuth: ClientAuth;
  private readonly owner: TlsAcceptorOwner;
  /** Never listens itself: the listener hands it sockets, so that those in a handshake count among its connections. */
  private readonly server: Server;
  /** Sockets in their handshake, by peer: a TLSSocket does not tell which socket it was made of. */
  private readonly handshaking = new Map<string, Socket>();

  /** @param handshakeMs time for a handshake, in ms */
  constructor(config: ServerTlsConfig, handshakeMs: number, owner: TlsAcceptorOwner) {
    this.clientAuth = config.clientAuth;
    this.owner = owner;
    this.server = createServer({
      ...secureContextOptions(config.certificates.material),
      ALPNProtocols: HTTP2_TLS.ALPNProtocols,
      handshakeTimeout: handshakeMs,
      requestCert: config.clientAuth !== 'none',
      // Decided in `refusal`, where the reason is known: Node would close the socket without one.
      rejectUnauthorized: false,
    });
    this.server.on('secureConnection', (socket) => this.onSecure(socket));
    this.server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      socket.destroy();
      const reason = (error as { readonly reason?: string }).reason ?? error.message;
      owner.onHandshakeFailed(peerOf(socket), reason, error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT');
    });
  }

  /** Takes a socket through its handshake; the owner is told how it ended. */
  accept(socket: Socket): void {
    const peer = peerOf(socket);
    this.handshaking.set(peer, socket);
    socket.on('error', () => {
      // The TLS socket made of it tells.
    });
    socket.once('close', () => {
      if (this.handshaking.get(peer) === socket) this.handshaking.delete(peer);
    });
    this.server.emit('connection', socket);
  }

  private onSecure(socket: TLSSocket): void {
    const peer = peerOf(socket);
    this.handshaking.delete(peer);
    const refusal = this.refusal(socket);
    if (refusal === undefined) {
      this.owner.onSecured(socket);
      return;
    }
    socket.on('error', () => {
      // It is being thrown away.
    });
    socket.destroy();
    this.owner.onHandshakeFailed(peer, refusal, false);
  }

  /** Why the client must not be served; undefined = it may be. */
  private refusal(socket: TLSSocket): string | undefined {
    if (!agreedOnHttp2(socket.alpnProtocol)) return 'the client did not ask for HTTP/2 (ALPN h2)';
    if (this.clientAuth === 'none' || socket.authorized) return undefined;
    // Without a certificate of the client Node reports one that cannot be verified.
    if (socket.getPeerX509Certificate() !== undefined)
      return `the client's certificate is not accepted: ${socket.authorizationError}`;
    return this.clientAuth === 'require' ? 'the client has no certificate' : undefined;
  }

  /**
   * Handshakes from now on use this. Connections stay; sessions cannot be resumed across the change, so that a client whose
   * authority is no longer trusted cannot come back without being verified.
   */
  renew(material: CertificateMaterial): void {
    this.server.setSecureContext(secureContextOptions(material));
  }

  /** Ends every handshake. */
  close(): void {
    for (const socket of [...this.handshaking.values()]) socket.destroy();
  }
}

function secureContextOptions({ certificate, key, ca }: CertificateMaterial): SecureContextOptions {
  const { minVersion, ciphers, secureOptions } = HTTP2_TLS;
  return { minVersion, ciphers, secureOptions, cert: certificate, key, ca };
}
