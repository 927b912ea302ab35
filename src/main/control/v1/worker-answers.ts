import type { WorkerHost } from '../../backends/worker-host.js';

/** A worker that is stuck must not make its operator wait. */
const PATIENCE_MS = 2000;

/** Asks workers, without waiting long for one that does not answer, and without asking it again before it does. */
export class WorkerAnswers {
  private readonly stuck = new Set<WorkerHost>();

  /** @returns undefined when the thread does not answer in time, or has just ended */
  async ask<T>(host: WorkerHost, question: (host: WorkerHost) => Promise<T>): Promise<T | undefined> {
    if (this.stuck.has(host)) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.stuck.add(host);
        resolve(undefined);
      }, PATIENCE_MS);
    });
    const answer = question(host)
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(timer);
        this.stuck.delete(host);
      });
    return Promise.race([answer, late]);
  }
}
