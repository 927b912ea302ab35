import type { HeaderList } from '../../../http2/hpack/header-list.js';
import { ByteQueue, type Piece } from '../../../http2/stream/byte-queue.js';

/** One replica's answer while it is not known whether the client will get it. */
export class HeldAnswer {
  headers: HeaderList | null = null;
  private readonly queue = new ByteQueue();

  /** Bytes held. */
  get bytes(): number {
    return this.queue.bytes;
  }

  add(buf: Buffer, start: number, end: number): void {
    this.queue.push(buf, start, end);
  }

  /** Gives out what is held, in order, and forgets it. */
  take(): readonly Readonly<Piece>[] {
    const taken = this.queue.waiting();
    this.queue.clear();
    return taken;
  }

  clear(): void {
    this.queue.clear();
  }
}
