/** A thread that can be asked for a sign of life. */
export interface Pulsed {
  /** Settles as soon as the thread's event loop gets to it. */
  snapshot(): Promise<unknown>;
}

/** A worker that leaves a question unanswered for so many ms is stuck: no work it does takes its event loop that long. */
const STUCK_MS = 10_000;

/**
 * Whether every thread's event loop still turns, for `/livez`. The main thread shows it by answering. A worker is asked each
 * time, and the answer goes out at once, without waiting: what counts is how long the last question has been open. So a probe
 * never hangs, and a router that is not probed does no work. A worker that died is no reason: it is replaced.
 */
export class Liveness {
  private readonly workers: readonly Pulsed[];
  private readonly now: () => number;
  /** Since when each worker owes an answer, in `now`'s ms; undefined when it owes none. */
  private readonly askedAt: (number | undefined)[] = [];

  /**
   * @param workers may grow
   * @param now a clock in ms that never goes back
   */
  constructor(workers: readonly Pulsed[], now: () => number) {
    this.workers = workers;
    this.now = now;
  }

  /** Which workers are stuck; empty when all is well. */
  reasons(): string[] {
    const now = this.now();
    const stuck: string[] = [];
    this.workers.forEach((worker, id) => {
      const askedAt = this.askedAt[id];
      if (askedAt === undefined) this.ask(worker, id, now);
      else if (now - askedAt >= STUCK_MS)
        stuck.push(`worker ${id} has not answered for ${Math.round(now - askedAt)} ms`);
    });
    return stuck;
  }

  private ask(worker: Pulsed, id: number, now: number): void {
    this.askedAt[id] = now;
    const answered = (): void => {
      this.askedAt[id] = undefined;
    };
    // An error is an answer as well: a new thread that has no port yet, or one that has just ended.
    worker.snapshot().then(answered, answered);
  }
}
