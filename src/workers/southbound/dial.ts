import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { agreedOnHttp2 } from '../../http2/tls/requirements.js';
import type { BackendTls } from './backend-tls.js';

/** Told how a dial went, once; errors of the socket are its owner's own to listen to. */
export interface DialOwner {
  /** The socket can carry HTTP/2. */
  onConnected(socket: Socket): void;
  /** The peer must not be spoken to. */
  fail(reason: string): void;
}

/** Opens a connection: TCP, and with `tls` a handshake that verifies the peer and agrees on HTTP/2. */
export function dial(addr: string, port: number, tls: BackendTls | null, owner: DialOwner): Socket {
  if (tls === null) {
    const socket = connect({ host: addr, port, noDelay: true });
    socket.once('connect', () => owner.onConnected(socket));
    return socket;
  }
  const socket = connectTls({ ...tls.options(addr), host: addr, port });
  socket.setNoDelay(true);
  socket.once('secureConnect', () => {
    if (agreedOnHttp2(socket.alpnProtocol)) owner.onConnected(socket);
    else owner.fail('TLS: the backend does not speak HTTP/2 over TLS (it did not agree on ALPN h2)');
  });
  return socket;
}

/** What the codes of Node.js and OpenSSL mean to the person who can mend it. */
const TLS_REASONS: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'the backend does not answer with TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the backend does not answer with TLS',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'the backend does not speak HTTP/2 over TLS (it refused ALPN h2)',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the backend speaks neither TLS 1.2 nor TLS 1.3',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the backend speaks neither TLS 1.2 nor TLS 1.3',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the backend requires a client certificate (tls.certificate)',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the backend does not trust the authority of the router's certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the backend's certificate is self-signed and not in tls.ca",
  SELF_SIGNED_CERT_IN_CHAIN: "the authority of the backend's certificate is not in tls.ca",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the authority of the backend's certificate is not in tls.ca",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the authority of the backend's certificate is not in tls.ca",
  CERT_HAS_EXPIRED: "the backend's certificate has expired",
  CERT_NOT_YET_VALID: "the backend's certificate is not valid yet",
};

/** An error of a socket to a backend, for the log. */
export function failureReason(error: Error): string {
  const { code = '', reason } = error as NodeJS.ErrnoException & { readonly reason?: string };
  const meaning = TLS_REASONS[code];
  if (meaning !== undefined) return `TLS: ${meaning} [${code}]`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `TLS: ${reason ?? error.message} [${code}]`;
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')
    ? `TLS: ${reason ?? error.message} [${code}]`
    : error.message;
}
