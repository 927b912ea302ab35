import { Duplex } from 'node:stream';

/**
 * A connection whose other end is a fuzzer: what is written is kept, what comes is handed to whoever listens for `data`, at
 * once, so that an error which gets past them comes back to the caller of {@link deliver}.
 */
export class MemorySocket extends Duplex {
  private readonly written: Buffer[] = [];
  private readonly slow: boolean;
  private taken: (() => void) | null = null;

  /** @param slow takes the next bytes only when {@link release} is called, as a peer that does not read */
  constructor(slow: boolean) {
    super();
    this.slow = slow;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    // The writer uses its buffer again as soon as it is told so.
    this.written.push(Buffer.from(chunk));
    if (this.slow) this.taken = done;
    else done();
  }

  deliver(chunk: Buffer): void {
    this.emit('data', chunk);
  }

  /** Takes what a slow peer was given. */
  release(): void {
    const { taken } = this;
    this.taken = null;
    taken?.();
  }

  /** Everything written so far. */
  get output(): Buffer {
    return Buffer.concat(this.written);
  }
}

/** Everything that is due now has run, and what it led to: microtasks, the ticks of streams, the flush at the end of the turn. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
