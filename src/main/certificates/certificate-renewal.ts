import type { Logger } from 'pino';
import type { CertificateMaterial } from '../../port/control-messages.js';
import type { CertificateSource } from './certificate-source.js';
import { CertificateWatch } from './certificate-watch.js';

/** Looks at all certificate files of the process from time to time, and hands on what is new. */
export class CertificateRenewal {
  private readonly pollMs: number;
  private readonly watches: CertificateWatch[] = [];
  private timer: NodeJS.Timeout | null = null;

  /** @param pollMs between two looks, in ms; 0 = never */
  constructor(pollMs: number) {
    this.pollMs = pollMs;
  }

  /** See {@link CertificateWatch}. */
  watch(source: CertificateSource, renew: (material: CertificateMaterial) => void | Promise<void>, log: Logger): void {
    this.watches.push(new CertificateWatch(source, renew, log));
  }

  start(): void {
    if (this.pollMs === 0 || this.watches.length === 0) return;
    this.timer = setInterval(() => {
      for (const watch of this.watches) void watch.look();
    }, this.pollMs);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }
}
