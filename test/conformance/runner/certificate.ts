import { Authority, CertificateDirectory, HERE } from '../../support/certificates.js';

/** A certificate of this machine in files, and the authority to trust for it. */
export interface CertificateFiles {
  /** `servers[].tls` of a routing file. */
  readonly tls: object;
  /** Path of the authority's certificate. */
  readonly ca: string;
  remove(): void;
}

export function makeCertificate(): CertificateFiles {
  const files = new CertificateDirectory();
  const authority = new Authority('conformance');
  return {
    tls: files.writePair('server', authority.issue(HERE)),
    ca: files.write('ca.pem', authority.pem),
    remove: () => files.remove(),
  };
}
