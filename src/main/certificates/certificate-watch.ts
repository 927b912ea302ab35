import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { CertificateMaterial } from '../../port/control-messages.js';
import type { CertificateFiles, CertificateSource } from './certificate-source.js';
import { checkMaterial } from './check.js';

/**
 * Reads one set of certificate files again and again and hands on what is new, once it has been checked. The content is
 * compared: file system events are lost when Kubernetes swaps the directory behind a symbolic link, and times lie.
 *
 * Files are replaced one after the other, so a certificate may for a moment not fit its key. What is broken is therefore
 * complained of only when the next look finds it the same; until it is mended, what was in use stays in use.
 */
export class CertificateWatch {
  private readonly files: CertificateFiles;
  private readonly renew: (material: CertificateMaterial) => void | Promise<void>;
  private readonly log: Logger;
  private inUse: string;
  private broken = '';
  private brokenTold = false;
  private looking = false;

  /**
   * @param renew takes new material into use
   * @param log names whose certificates these are
   */
  constructor(source: CertificateSource, renew: (material: CertificateMaterial) => void | Promise<void>, log: Logger) {
    this.files = source.files;
    this.renew = renew;
    this.log = log;
    this.inUse = JSON.stringify(source.material);
  }

  /** Looks once. Does nothing while a slow file system still keeps the last look waiting. Never rejects. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      await this.compare();
    } catch (error) {
      // Unreadable (the message of the system names the file); the next look tries again.
      const reason = error instanceof Error ? error.message : String(error);
      this.complain(reason, [reason]);
    } finally {
      this.looking = false;
    }
  }

  private async compare(): Promise<void> {
    const [certificate, key, ca] = await Promise.all([
      read(this.files.certificate),
      read(this.files.key),
      read(this.files.ca),
    ]);
    const material: CertificateMaterial = { certificate, key, ca };
    const content = JSON.stringify(material);
    if (content === this.inUse) {
      this.broken = '';
      return;
    }
    const { problems, warnings } = checkMaterial(material, Date.now());
    if (problems.length > 0) {
      this.complain(
        content,
        problems.map(({ part, found, allowed }) => `found ${this.files[part]}, ${found}, allowed: ${allowed}`),
      );
      return;
    }
    for (const { part, text } of warnings)
      this.log.warn({ event: 'certificate_warning', file: this.files[part] }, text);
    await this.renew(material);
    this.inUse = content;
    this.broken = '';
    this.log.info({ event: 'certificates_renewed', files: this.files }, 'new connections use the new certificates');
  }

  /** @param state what is broken; the same again is news only once */
  private complain(state: string, problems: readonly string[]): void {
    if (state !== this.broken) {
      this.broken = state;
      this.brokenTold = false;
    } else if (!this.brokenTold) {
      this.brokenTold = true;
      this.log.error(
        { event: 'certificates_rejected', problems },
        'changed certificates cannot be used; the old ones stay in use',
      );
    }
  }
}

function read(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? Promise.resolve(undefined) : readFile(path, 'utf8');
}
