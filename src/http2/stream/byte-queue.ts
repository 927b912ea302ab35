/** A range of a buffer. */
export interface Piece {
  readonly buf: Uint8Array;
  start: number;
  end: number;
}

/** Shorter ranges are copied behind what is queued already, in bytes: a piece of its own costs more than they do. */
const SMALL_BYTES = 512;
/** Longest buffer that small ranges are gathered in, in bytes. */
const MAX_GATHER_BYTES = 16 * 1024;

/**
 * Bytes in order, kept by reference where they lie. How many they are is bounded by whoever gives credit for them, not here;
 * but that bound is in bytes, and a peer that sends them one by one, each in a frame of its own, must not make it hundreds of
 * times as much memory: small ranges are copied together into buffers of ours, which double as the queue grows.
 */
export class ByteQueue {
  private pieces: Piece[] | null = null;
  private head = 0;
  /** Free bytes behind the last piece, in its buffer, which is then ours. */
  private room = 0;
  /** Bytes waiting. */
  bytes = 0;

  push(buf: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length === 0) return;
    // A small range would keep a large read chunk alive for as long as the queue stalls: then its own copy is cheaper.
    if (length * 2 < buf.buffer.byteLength || (length < SMALL_BYTES && this.pieces !== null))
      this.copy(buf, start, end);
    else this.append({ buf, start, end }, 0);
    this.bytes += length;
  }

  private copy(buf: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > this.room) {
      // Room for more of its kind, but not behind one that is large by itself.
      const room = length < MAX_GATHER_BYTES / 4 ? Math.min(this.bytes, MAX_GATHER_BYTES) : 0;
      const own = Buffer.allocUnsafeSlow(Math.max(length, room));
      this.append({ buf: own, start: 0, end: 0 }, own.length);
    }
    const tail = this.pieces!.at(-1)!;
    tail.buf.set(buf.subarray(start, end), tail.end);
    tail.end += length;
    this.room -= length;
  }

  private append(piece: Piece, room: number): void {
    this.pieces ??= [];
    this.pieces.push(piece);
    this.room = room;
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
      this.drop();
    } else if (this.head >= 32 && this.head * 2 >= this.pieces!.length) {
      this.pieces!.splice(0, this.head);
      this.head = 0;
    }
  }

  /** What waits, in order; to be read before anything more is pushed. */
  waiting(): readonly Readonly<Piece>[] {
    return this.pieces === null ? NONE : this.pieces.slice(this.head);
  }

  clear(): void {
    this.drop();
    this.bytes = 0;
  }

  private drop(): void {
    this.pieces = null;
    this.head = 0;
    this.room = 0;
  }
}

const NONE: readonly Piece[] = [];
