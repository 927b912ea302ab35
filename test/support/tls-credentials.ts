import { type ChannelCredentials, credentials, ServerCredentials } from '@grpc/grpc-js';
import type { Certificate } from './certificates.js';

/** What a replica serves with. @param clientCa PEM; given, every client must have a certificate of that authority */
export function serves({ certificate, key }: Certificate, clientCa?: string): ServerCredentials {
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
  const roots = clientCa === undefined ? null : Buffer.from(clientCa);
  return ServerCredentials.createSsl(roots, [pair], roots !== null);
}

/** What a client connects with. @param ca PEM of whom it trusts @param own what it shows */
export function trusts(ca: string, own?: Certificate): ChannelCredentials {
  if (own === undefined) return credentials.createSsl(Buffer.from(ca));
  return credentials.createSsl(Buffer.from(ca), Buffer.from(own.key), Buffer.from(own.certificate));
}
