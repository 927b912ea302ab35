/** Bytes of one scratch buffer; also how much a session writes before it looks whether the socket still takes more. */
export const SCRATCH_BYTES = 65536;

/**
 * Output buffers of the sessions of one thread. A session holds one only from its first frame in a turn to the flush at the
 * end of it, so ten thousand idle sessions hold none.
 */
export class ScratchPool {
  private readonly free: Buffer[] = [];
  private readonly keep: number;

  /** @param keep how many unused buffers to keep for the next turn */
  constructor(keep = 16) {
    this.keep = keep;
  }

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  }

  give(buffer: Buffer): void {
    if (this.free.length < this.keep) this.free.push(buffer);
  }
}
