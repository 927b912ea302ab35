import type { HeaderList } from '../hpack/header-list.js';

/** A range of a buffer. */
export interface Piece {
  readonly buf: Uint8Array;
  start: number;
  readonly end: number;
}

/**
 * What a stream has accepted for sending and could not send yet: ranges of buffers, kept by reference, and how the stream
 * ends after them. Its length is bounded by the credit given to the source, not here.
 */
export class SendQueue {
  private pieces: Piece[] | null = null;
  private head = 0;
  /** Bytes waiting. */
  bytes = 0;
  /** Send END_STREAM with the last byte. */
  endStream = false;
  /** Send these after the last byte. */
  trailers: HeaderList | null = null;

  /** Nothing left to send, no END_STREAM or trailers either. */
  get empty(): boolean {
    return this.bytes === 0 && !this.endStream && this.trailers === null;
  }

  push(buf: Uint8Array, start: number, end: number): void {
    if (end === start) return;
    this.pieces ??= [];
    this.bytes += end - start;
    // A small range would keep a large read chunk alive for as long as the stream stalls: then its own copy is cheaper.
    if ((end - start) * 4 < buf.buffer.byteLength) {
      this.pieces.push({ buf: Uint8Array.prototype.slice.call(buf, start, end), start: 0, end: end - start });
    } else {
      this.pieces.push({ buf, start, end });
    }
  }

  /** The piece at the front; only while `bytes` is not 0. */
  front(): Piece {
    return this.pieces![this.head]!;
  }

  /** Takes `n` bytes, at most those of the front piece, off the front. */
  advance(n: number): void {
    const piece = this.pieces![this.head]!;
    piece.start += n;
    this.bytes -= n;
    if (piece.start === piece.end) this.shift();
  }

  private shift(): void {
    this.head++;
    if (this.head === this.pieces!.length) {
      this.pieces = null;
      this.head = 0;
    } else if (this.head >= 32 && this.head * 2 >= this.pieces!.length) {
      this.pieces!.splice(0, this.head);
      this.head = 0;
    }
  }

  clear(): void {
    this.pieces = null;
    this.head = 0;
    this.bytes = 0;
    this.endStream = false;
    this.trailers = null;
  }
}
