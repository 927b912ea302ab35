import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';

const DAY_MS = 24 * 3_600_000;

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Subject {
  /** Common name; none if it is not given. */
  readonly name?: string;
  /** Alternative names of type DNS. */
  readonly dns?: readonly string[];
  /** Alternative names of type URI. */
  readonly uri?: readonly string[];
  /** Alternative names of type IP address. */
  readonly ip?: readonly string[];
  /** When it ends, in days from now; 1 if not given. */
  readonly days?: number;
}

/** Where test servers listen. */
export const HERE: Subject = { dns: ['localhost'], ip: ['127.0.0.1'] };

/** Types of alternative names (RFC 5280 §4.2.1.6). */
const DNS = 2;
const URI = 6;
const IP = 7;

/** An authority that signs certificates for tests. */
export class Authority {
  /** Its own certificate, as PEM. */
  readonly pem: string;
  private readonly own: forge.pki.Certificate;
  private readonly key: forge.pki.rsa.PrivateKey;
  /** All certificates that it issues have this key: making one takes long. */
  private readonly issuedKey = newKey();

  constructor(name: string) {
    const { pem, key } = newKey();
    this.own = newCertificate(pem, { name });
    this.own.setIssuer(this.own.subject.attributes);
    this.own.setExtensions([{ name: 'basicConstraints', cA: true, critical: true }]);
    this.own.sign(key, forge.md.sha256.create());
    this.key = key;
    this.pem = forge.pki.certificateToPem(this.own);
  }

  issue(subject: Subject): Certificate {
    const { pem } = this.issuedKey;
    const certificate = newCertificate(pem, subject);
    certificate.setIssuer(this.own.subject.attributes);
    const altNames = [
      ...(subject.dns ?? []).map((value) => ({ type: DNS, value })),
      ...(subject.uri ?? []).map((value) => ({ type: URI, value })),
      ...(subject.ip ?? []).map((ip) => ({ type: IP, ip })),
    ];
    certificate.setExtensions(altNames.length === 0 ? [] : [{ name: 'subjectAltName', altNames }]);
    certificate.sign(this.key, forge.md.sha256.create());
    return { certificate: forge.pki.certificateToPem(certificate), key: pem };
  }
}

/** Made by OpenSSL: node-forge's own arithmetic takes seconds. */
function newKey(): { readonly pem: string; readonly key: forge.pki.rsa.PrivateKey } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  return { pem, key: forge.pki.privateKeyFromPem(pem) };
}

function newCertificate(keyPem: string, { name, days = 1 }: Subject): forge.pki.Certificate {
  const { n, e } = forge.pki.privateKeyFromPem(keyPem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(n, e);
  certificate.serialNumber = `01${randomBytes(8).toString('hex')}`;
  certificate.validity.notAfter = new Date(Date.now() + days * DAY_MS);
  certificate.validity.notBefore = new Date(Math.min(Date.now(), Date.now() + days * DAY_MS) - DAY_MS);
  const organization = { name: 'organizationName', value: 'afrouter test' };
  certificate.setSubject(name === undefined ? [organization] : [{ name: 'commonName', value: name }, organization]);
  return certificate;
}

/** A directory of certificate files, for as long as a test runs. */
export class CertificateDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'afrouter-certificates-'));

  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file, or replaces it as a whole; returns its path. */
  write(name: string, text: string): string {
    const next = this.file(`${name}.next`);
    writeFileSync(next, text);
    renameSync(next, this.file(name));
    return this.file(name);
  }

  /** Writes `NAME.pem` and `NAME.key`; returns their paths as a routing file names them. */
  writePair(name: string, { certificate, key }: Certificate): { readonly certificate: string; readonly key: string } {
    return { certificate: this.write(`${name}.pem`, certificate), key: this.write(`${name}.key`, key) };
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
