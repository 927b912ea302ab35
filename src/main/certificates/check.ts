import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { HTTP2_TLS } from '../../http2/tls/requirements.js';
import type { CertificateMaterial } from '../../port/control-messages.js';

/** What a set of certificate files consists of. */
export type CertificatePart = keyof CertificateMaterial;

/** Something that makes one part unusable. */
export interface CertificateProblem {
  readonly part: CertificatePart;
  /** Goes on after the name of the file: `which holds no certificate (…)`. */
  readonly found: string;
  readonly allowed: string;
}

/** Something about one part that works, and was probably not meant. */
export interface CertificateWarning {
  readonly part: CertificatePart;
  readonly text: string;
}

/** Everything that a check found. */
export interface CertificateFindings {
  readonly problems: CertificateProblem[];
  readonly warnings: CertificateWarning[];
}

/** What may stand in each file. */
export const ALLOWED: Readonly<Record<CertificatePart, string>> = {
  certificate: 'a certificate (PEM), followed by those of its issuers where clients need them',
  key: 'the private key (PEM, without a passphrase) that belongs to the certificate',
  ca: 'one or more certificates of authorities (PEM)',
};

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Checks that the parts are what they should be and fit together, so that neither a start nor a renewal can fail on them later.
 * @param nowMs time since the epoch, in ms, that validity is measured against
 */
export function checkMaterial(material: CertificateMaterial, nowMs: number): CertificateFindings {
  const findings: CertificateFindings = { problems: [], warnings: [] };
  const chain = certificates('certificate', material, nowMs, findings);
  certificates('ca', material, nowMs, findings);
  const key = privateKey(material, findings);
  if (chain !== undefined && key !== undefined && !chain[0]!.checkPrivateKey(key)) {
    findings.problems.push({ part: 'key', found: 'which holds the key of another certificate', allowed: ALLOWED.key });
  }
  if (findings.problems.length === 0) tryContext(material, findings);
  return findings;
}

function certificates(
  part: 'certificate' | 'ca',
  material: CertificateMaterial,
  nowMs: number,
  findings: CertificateFindings,
): readonly X509Certificate[] | undefined {
  const text = material[part];
  if (text === undefined) return undefined;
  const blocks = text.match(PEM_CERTIFICATE) ?? [];
  try {
    const all = blocks.map((block) => new X509Certificate(block));
    if (all.length === 0) throw new Error('no PEM block of that kind');
    for (const each of all) warnOfValidity(part, each, nowMs, findings);
    return all;
  } catch (error) {
    findings.problems.push({ part, found: `which holds no certificate (${reason(error)})`, allowed: ALLOWED[part] });
    return undefined;
  }
}

function warnOfValidity(
  part: CertificatePart,
  certificate: X509Certificate,
  nowMs: number,
  findings: CertificateFindings,
): void {
  const subject = certificate.subject.replaceAll('\n', ', ');
  if (Date.parse(certificate.validTo) < nowMs)
    findings.warnings.push({ part, text: `the certificate of ${subject} expired on ${certificate.validTo}` });
  if (Date.parse(certificate.validFrom) > nowMs)
    findings.warnings.push({ part, text: `the certificate of ${subject} is valid only from ${certificate.validFrom}` });
}

function privateKey({ key }: CertificateMaterial, findings: CertificateFindings): KeyObject | undefined {
  if (key === undefined) return undefined;
  try {
    return createPrivateKey(key);
  } catch (error) {
    const encrypted = (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE';
    const found = encrypted ? 'which holds a key with a passphrase' : `which holds no private key (${reason(error)})`;
    findings.problems.push({ part: 'key', found, allowed: ALLOWED.key });
    return undefined;
  }
}

/** OpenSSL has rules of its own, for example about keys that are too short. */
function tryContext(material: CertificateMaterial, findings: CertificateFindings): void {
  try {
    createSecureContext({ ...HTTP2_TLS, cert: material.certificate, key: material.key, ca: material.ca });
  } catch (error) {
    const part = material.certificate === undefined ? 'ca' : 'certificate';
    findings.problems.push({ part, found: `which TLS refuses (${reason(error)})`, allowed: ALLOWED[part] });
  }
}

/** OpenSSL's message, which never holds what was read. */
function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
