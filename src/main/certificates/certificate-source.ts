import type { CertificateMaterial } from '../../port/control-messages.js';
import type { CertificatePart } from './check.js';

/** Absolute paths of the files, each undefined where there is none. */
export type CertificateFiles = Readonly<Record<CertificatePart, string | undefined>>;

/** Where certificates come from and what was read there; it has been checked. */
export interface CertificateSource {
  readonly files: CertificateFiles;
  readonly material: CertificateMaterial;
}
