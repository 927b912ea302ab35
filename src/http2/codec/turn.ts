/** Something that gathers output during a turn of the event loop and lets it go at its end. */
export interface Flushable {
  flush(): void;
}

/**
 * Everything produced in one turn of the event loop leaves together: one `socket.write` per socket, one `postMessage` per
 * port. Writers register once per turn; they are flushed by `setImmediate`, that is when every socket and port that was ready in
 * this turn has been handled. (A microtask would flush after each of them: with two replicas a tenth more CPU a call, and one
 * call at a time takes a fifth longer.)
 */
export class Turn {
  private waiting: Flushable[] = [];
  /** Flushed before the others: what they do is output of this turn. */
  private readonly work: Flushable[] = [];
  private running: Flushable[] = [];
  private scheduled = false;
  private clockMs = 0;
  private readonly run: () => void = () => this.flushAll();

  /** Asks for one `flush()` at the end of this turn. Callers register at most once until they are flushed. */
  add(flushable: Flushable): void {
    this.waiting.push(flushable);
    this.schedule();
  }

  /** Asks for one `flush()` at the end of this turn, before all that `add` was given: what it puts out leaves in this turn. */
  addWork(work: Flushable): void {
    this.work.push(work);
    this.schedule();
  }

  /**
   * The time in ms (of `performance.now`), read once in a turn: what happens in one turn happens at one time, and reading a
   * clock for every call would cost more than counting it.
   */
  nowMs(): number {
    if (this.clockMs === 0) {
      this.clockMs = performance.now();
      this.schedule();
    }
    return this.clockMs;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.run);
  }

  private flushAll(): void {
    const { work } = this;
    for (let i = 0; i < work.length; i++) work[i]!.flush();
    work.length = 0;
    this.scheduled = false;
    this.clockMs = 0;
    const batch = this.waiting;
    // Two arrays change places, so that a flush that leads to more output never grows the one being walked.
    this.waiting = this.running;
    this.running = batch;
    for (let i = 0; i < batch.length; i++) batch[i]!.flush();
    batch.length = 0;
  }
}
