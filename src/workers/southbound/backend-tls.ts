import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls';
import { HTTP2_TLS } from '../../http2/tls/requirements.js';
import type { BackendTlsPlan, CertificateMaterial } from '../../port/control-messages.js';

/** How the connections of one backend are secured. The main thread has checked the certificates. */
export class BackendTls {
  private readonly serverName: string | undefined;
  private context: SecureContext;

  constructor(plan: BackendTlsPlan) {
    this.serverName = plan.serverName;
    this.context = secureContext(plan.material);
  }

  /** Connections dialled from now on use this. */
  renew(material: CertificateMaterial): void {
    this.context = secureContext(material);
  }

  /** Options of `tls.connect` for one address; the name (or IP address) that is verified is the server name, else the address. */
  options(addr: string): ConnectionOptions {
    // A name in a certificate has no dot at its end, and an IP address is no server name (RFC 6066 §3): Node then verifies `host`.
    const name = this.serverName ?? (isIP(addr) === 0 ? addr.replace(/\.$/, '') : undefined);
    return {
      ...HTTP2_TLS,
      secureContext: this.context,
      rejectUnauthorized: true,
      ...(name === undefined ? {} : { servername: name }),
    };
  }
}

function secureContext({ certificate, key, ca }: CertificateMaterial): SecureContext {
  return createSecureContext({ ...HTTP2_TLS, cert: certificate, key, ca });
}
