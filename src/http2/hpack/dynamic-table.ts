import { HeaderField, Indexing } from './header-field.js';

/** What a connection starts with on both sides (RFC 9113 §6.5.2, SETTINGS_HEADER_TABLE_SIZE), in bytes. */
export const DEFAULT_TABLE_BYTES = 4096;

const FIRST_CAPACITY = 16;
const NO_SLOTS: HeaderField[] = [];
/** What stands in a free slot, so that the ring holds one kind of thing only. */
const FREE = new HeaderField('', '', Indexing.once);

/**
 * The dynamic table (RFC 7541 §2.3.2, §4) as a ring that grows from nothing: most connections use little of it.
 *
 * An entry has two numbers. Its *index* counts back from the newest (0) and changes with every insertion; its *serial*
 * counts insertions from the start and never changes, so it is what an encoder remembers.
 */
export class DynamicTable {
  /** Most bytes, as RFC 7541 §4.1 counts them. */
  maxBytes: number;
  bytes = 0;
  count = 0;
  /** The serial the next entry gets. Changes exactly when an entry is added. */
  nextSerial = 0;
  /** A power of two long once it is used. */
  private ring: HeaderField[] = NO_SLOTS;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Serial of the oldest entry; entries below it are gone. */
  get oldestSerial(): number {
    return this.nextSerial - this.count;
  }

  /** The entry with this index; the caller has compared it with `count`. */
  at(index: number): HeaderField {
    return this.ring[(this.nextSerial - 1 - index) & (this.ring.length - 1)]!;
  }

  /** Puts an equal field in the place of the entry with this index, so that later references yield that object. */
  replace(index: number, field: HeaderField): void {
    this.ring[(this.nextSerial - 1 - index) & (this.ring.length - 1)] = field;
  }

  /** True when `bytes` more fit without eviction. */
  fits(bytes: number): boolean {
    return this.bytes + bytes <= this.maxBytes;
  }

  /** Removes the oldest entry and returns it; there must be one. */
  evict(): HeaderField {
    const slot = this.oldestSerial & (this.ring.length - 1);
    const field = this.ring[slot]!;
    this.ring[slot] = FREE;
    this.count--;
    this.bytes -= field.size;
    return field;
  }

  /** Adds an entry, evicting from the old end (RFC 7541 §4.4). One larger than the table empties it and is not added. */
  add(field: HeaderField): void {
    const { size } = field;
    while (this.count > 0 && !this.fits(size)) this.evict();
    if (size > this.maxBytes) return;
    if (this.count === this.ring.length) this.grow();
    this.ring[this.nextSerial & (this.ring.length - 1)] = field;
    this.nextSerial++;
    this.count++;
    this.bytes += size;
  }

  /** Removes every entry: what adding one larger than the table amounts to. */
  clear(): void {
    this.ring = NO_SLOTS;
    this.count = 0;
    this.bytes = 0;
  }

  /** Changes the maximum, evicting what no longer fits (RFC 7541 §4.3). */
  resize(maxBytes: number): void {
    this.maxBytes = maxBytes;
    while (this.bytes > maxBytes) this.evict();
  }

  private grow(): void {
    const { ring, nextSerial } = this;
    const capacity = ring.length === 0 ? FIRST_CAPACITY : ring.length * 2;
    const grown: HeaderField[] = new Array(capacity).fill(FREE);
    for (let serial = this.oldestSerial; serial < nextSerial; serial++) {
      grown[serial & (capacity - 1)] = ring[serial & (ring.length - 1)]!;
    }
    this.ring = grown;
  }
}
