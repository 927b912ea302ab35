import type { HeaderList } from '../../../http2/hpack/header-list.js';

/** A range of a received buffer, kept by reference. */
export interface Range {
  readonly buf: Buffer;
  readonly start: number;
  readonly end: number;
}

/** One replica's answer while it is not known whether the client will get it. */
export class HeldAnswer {
  headers: HeaderList | null = null;
  private ranges: Range[] | null = null;
  bytes = 0;

  add(buf: Buffer, start: number, end: number): void {
    this.ranges ??= [];
    this.ranges.push({ buf, start, end });
    this.bytes += end - start;
  }

  /** Gives out what is held, in order, and forgets it. */
  take(): readonly Range[] {
    const taken = this.ranges ?? NONE;
    this.clear();
    return taken;
  }

  clear(): void {
    this.ranges = null;
    this.bytes = 0;
  }
}

const NONE: readonly Range[] = [];
