import { constants } from 'node:crypto';
import type { TlsOptions } from 'node:tls';

/**
 * What HTTP/2 asks of TLS (RFC 9113 §9.2), on both sides of a connection; options of `tls.createServer` and `tls.connect`.
 *
 * The ciphers are the ephemeral AEAD ones: everything else of TLS 1.2 is on the block list of RFC 9113, Appendix A. A TLS 1.2
 * renegotiation would change the peer's identity in the middle of a connection and is forbidden (§9.2.1); TLS 1.3 has none.
 */
export const HTTP2_TLS: Readonly<
  Required<Pick<TlsOptions, 'minVersion' | 'ALPNProtocols' | 'ciphers' | 'secureOptions'>>
> = {
  minVersion: 'TLSv1.2',
  ALPNProtocols: ['h2'],
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
};

/**
 * True when the handshake agreed on HTTP/2. A peer that does not know ALPN gets through the handshake without an agreement and
 * must be turned away then (RFC 9113 §3.2).
 */
export function agreedOnHttp2(alpnProtocol: string | false | null): boolean {
  return alpnProtocol === 'h2';
}
