import { KeyHash, tail, wordAt } from './key-hash.js';

/** Longest key in bytes. A key is an id; longer ones would only let a client fill the table's memory. */
export const MAX_KEY_BYTES = 1024;

/** Ints of a row: 64 bytes, the cache line of every machine that this runs on. */
const ROW_INTS = 16;
/** Rows are made so many at a time, so that a growing table never copies those it has. */
const SEGMENT_BITS = 12;
const SEGMENT_ROWS = 1 << SEGMENT_BITS;

// The ints of a row.
const HASH = 0;
/** The next row in the bucket; of a free row, the next free one. 0 = none. */
const NEXT = 1;
const OLDER = 2;
const NEWER = 3;
const HOLDERS = 4;
/** Number of the backend, above the key's length in bytes. */
const BACKEND_AND_LENGTH = 5;
/** The key's octets, four in an int. */
const KEY = 6;

const LENGTH_BITS = 11;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
/** A UUID as text has 36. */
const INLINE_KEY_BYTES = 4 * (ROW_INTS - KEY);
const FEWEST_BUCKETS = 64;
const FREE = -1;
/** Keys fetched at once: what is fetched must still be in the cache when it is used. */
const MAX_AHEAD = 64;

/**
 * Keys by their octets, each with a row of numbers; rows are numbered from 1, and keep their number.
 *
 * Columns of numbers and no objects: with a hundred thousand keys a lookup is a matter of cache misses alone, and here it has two
 * (its bucket, its row), where a Map of strings and objects had eight. It costs a quarter of the memory, and the garbage collector
 * nothing. Keys over {@link INLINE_KEY_BYTES} lie outside.
 */
export class KeyRows {
  private readonly hash: KeyHash;
  /** First row of each bucket, 0 = none; a power of two of them. */
  private buckets = new Int32Array(FEWEST_BUCKETS);
  private readonly segments: Int32Array[] = [];
  /** Keys too long for their rows, one character an octet. */
  private readonly longKeys: (string | undefined)[] = [];
  private freeRow = 0;
  /** Of the keys that are about to be looked for, their hashes. */
  private readonly ahead = new Int32Array(MAX_AHEAD);
  private aheadCount = 0;
  /** Nobody reads it; what is only loaded and goes nowhere would not be loaded. */
  protected fetched = 0;
  /** Highest row ever used. */
  lastRow = 0;
  /** Keys that can be found. */
  size = 0;

  constructor(hash = new KeyHash()) {
    this.hash = hash;
  }

  /**
   * Says that the key `buf[start…end)` is about to be looked for. When the first of the keys foreseen is, the memory of all of
   * them is fetched at once: one miss of the caches takes as long as the rest of a lookup, ten at a time take hardly longer.
   * @returns what {@link find} is to be given, which it would have to work out again; 0 is as good as nothing
   */
  foresee(buf: Buffer, start: number, end: number): number {
    const hash = this.hash.of(buf, start, end);
    if (this.aheadCount === MAX_AHEAD) this.fetch();
    this.ahead[this.aheadCount++] = hash;
    return hash;
  }

  private fetch(): void {
    const { ahead, aheadCount, buckets, segments } = this;
    this.aheadCount = 0;
    let sum = 0;
    for (let i = 0; i < aheadCount; i++) ahead[i] = buckets[ahead[i]! & (buckets.length - 1)]!;
    for (let i = 0; i < aheadCount; i++) {
      const row = ahead[i]!;
      if (row !== 0) sum ^= segments[row >>> SEGMENT_BITS]![(row & (SEGMENT_ROWS - 1)) * ROW_INTS + HASH]!;
    }
    this.fetched = sum;
  }

  /**
   * The row of the key `buf[start…end)`, or 0.
   * @param foreseen what {@link foresee} returned for this key, or 0
   */
  find(buf: Buffer, start: number, end: number, foreseen: number): number {
    if (this.aheadCount > 0) this.fetch();
    const hash = foreseen === 0 ? this.hash.of(buf, start, end) : foreseen;
    let row = this.buckets[hash & (this.buckets.length - 1)]!;
    while (row !== 0) {
      const segment = this.segments[row >>> SEGMENT_BITS]!;
      const at = (row & (SEGMENT_ROWS - 1)) * ROW_INTS;
      if (segment[at + HASH] === hash && this.holds(segment, at, row, buf, start, end)) return row;
      row = segment[at + NEXT]!;
    }
    return 0;
  }

  private holds(segment: Int32Array, at: number, row: number, buf: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if ((segment[at + BACKEND_AND_LENGTH]! & LENGTH_MASK) !== length) return false;
    if (length > INLINE_KEY_BYTES) return this.longKeys[row] === buf.toString('latin1', start, end);
    let word = at + KEY;
    let i = start;
    for (; end - i >= 4; i += 4) if (segment[word++] !== wordAt(buf, i)) return false;
    return i === end || segment[word] === tail(buf, i, end);
  }

  /**
   * Takes in a key that is not there, of at most {@link MAX_KEY_BYTES}.
   * @param backend a number below 2^21
   * @returns its row: in no list, held by nobody
   */
  add(buf: Buffer, start: number, end: number, backend: number): number {
    if (this.size >= this.buckets.length) this.grow();
    const row = this.takeRow();
    const segment = this.segments[row >>> SEGMENT_BITS]!;
    const at = (row & (SEGMENT_ROWS - 1)) * ROW_INTS;
    const length = end - start;
    segment[at + HASH] = this.hash.of(buf, start, end);
    segment[at + OLDER] = 0;
    segment[at + NEWER] = 0;
    segment[at + HOLDERS] = 0;
    segment[at + BACKEND_AND_LENGTH] = (backend << LENGTH_BITS) | length;
    if (length > INLINE_KEY_BYTES) {
      this.longKeys[row] = buf.toString('latin1', start, end);
    } else {
      let word = at + KEY;
      let i = start;
      for (; end - i >= 4; i += 4) segment[word++] = wordAt(buf, i);
      if (i < end) segment[word] = tail(buf, i, end);
    }
    this.link(row);
    this.size++;
    return row;
  }

  /** The key of `row` is not found any more; the row is still in use. */
  hide(row: number): void {
    const bucket = this.get(row, HASH) & (this.buckets.length - 1);
    const next = this.get(row, NEXT);
    let before = this.buckets[bucket]!;
    if (before === row) {
      this.buckets[bucket] = next;
    } else {
      while (this.get(before, NEXT) !== row) before = this.get(before, NEXT);
      this.set(before, NEXT, next);
    }
    this.size--;
  }

  /** Gives a row back whose key was {@link hide}d. */
  free(row: number): void {
    if (this.length(row) > INLINE_KEY_BYTES) this.longKeys[row] = undefined;
    this.set(row, HOLDERS, FREE);
    this.set(row, NEXT, this.freeRow);
    this.freeRow = row;
  }

  /** The key of a row that is in use, one character an octet. */
  key(row: number): string {
    const length = this.length(row);
    if (length > INLINE_KEY_BYTES) return this.longKeys[row]!;
    const segment = this.segments[row >>> SEGMENT_BITS]!;
    const at = (row & (SEGMENT_ROWS - 1)) * ROW_INTS + KEY;
    let key = '';
    for (let i = 0; i < length; i++) {
      key += String.fromCharCode((segment[at + (i >>> 2)]! >>> ((i & 3) * 8)) & 0xff);
    }
    return key;
  }

  private length(row: number): number {
    return this.get(row, BACKEND_AND_LENGTH) & LENGTH_MASK;
  }

  /** False when the row has been given back. */
  isUsed(row: number): boolean {
    return this.get(row, HOLDERS) !== FREE;
  }

  backend(row: number): number {
    return this.get(row, BACKEND_AND_LENGTH) >>> LENGTH_BITS;
  }

  holders(row: number): number {
    return this.get(row, HOLDERS);
  }

  setHolders(row: number, holders: number): void {
    this.set(row, HOLDERS, holders);
  }

  older(row: number): number {
    return this.get(row, OLDER);
  }

  setOlder(row: number, older: number): void {
    this.set(row, OLDER, older);
  }

  newer(row: number): number {
    return this.get(row, NEWER);
  }

  setNewer(row: number, newer: number): void {
    this.set(row, NEWER, newer);
  }

  private get(row: number, column: number): number {
    return this.segments[row >>> SEGMENT_BITS]![(row & (SEGMENT_ROWS - 1)) * ROW_INTS + column]!;
  }

  private set(row: number, column: number, value: number): void {
    this.segments[row >>> SEGMENT_BITS]![(row & (SEGMENT_ROWS - 1)) * ROW_INTS + column] = value;
  }

  private takeRow(): number {
    const row = this.freeRow;
    if (row !== 0) {
      this.freeRow = this.get(row, NEXT);
      return row;
    }
    this.lastRow++;
    if (this.lastRow >>> SEGMENT_BITS === this.segments.length) {
      this.segments.push(new Int32Array(SEGMENT_ROWS * ROW_INTS));
    }
    return this.lastRow;
  }

  private link(row: number): void {
    const bucket = this.get(row, HASH) & (this.buckets.length - 1);
    this.set(row, NEXT, this.buckets[bucket]!);
    this.buckets[bucket] = row;
  }

  private grow(): void {
    const before = this.buckets;
    this.buckets = new Int32Array(before.length * 2);
    for (const first of before) {
      for (let row = first; row !== 0; ) {
        const next = this.get(row, NEXT);
        this.link(row);
        row = next;
      }
    }
  }
}
