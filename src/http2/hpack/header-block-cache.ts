import type { HeaderList } from './header-list.js';

/** Longest header block that is remembered, in bytes. */
export const MAX_CACHED_BLOCK = 1024;
/** Most blocks, and most bytes of blocks, remembered for one connection; past them all are forgotten. */
const MAX_BLOCKS = 256;
const MAX_BYTES = 16 * 1024;
const FIRST_SLOTS = 16;
/** How far a block may stand from its slot: bounds what blocks made to collide can cost. */
const MAX_PROBES = 8;

class CachedBlock {
  readonly hash: number;
  readonly bytes: Uint8Array;
  readonly list: HeaderList;

  constructor(hash: number, bytes: Uint8Array, list: HeaderList) {
    this.hash = hash;
    this.bytes = bytes;
    this.list = list;
  }
}

const NO_SLOTS: (CachedBlock | null)[] = [];

/**
 * Header blocks → header lists, for blocks that a peer repeats byte for byte. It holds as long as the dynamic table does not
 * change, and only blocks that do not change it themselves may be added. Takes no memory until the first is added.
 *
 * A hash table of its own because a `Map` wants a string made of the bytes for each look-up.
 */
export class HeaderBlockCache {
  private last: CachedBlock | null = null;
  /** Open addressing; a power of two long once used, at most half full. */
  private slots = NO_SLOTS;
  private count = 0;
  private bytes = 0;

  /** The list that the block `buf[start…end)` stands for, if it is known. */
  find(buf: Uint8Array, start: number, end: number): HeaderList | undefined {
    const { last } = this;
    if (last === null) return undefined;
    if (same(last.bytes, buf, start, end)) return last.list;
    if (this.count < 2) return undefined;
    const hash = hashBlock(buf, start, end);
    const { slots } = this;
    const mask = slots.length - 1;
    for (let i = 0; i < MAX_PROBES; i++) {
      const entry = slots[(hash + i) & mask]!;
      if (entry === null) return undefined;
      if (entry.hash === hash && same(entry.bytes, buf, start, end)) {
        this.last = entry;
        return entry.list;
      }
    }
    return undefined;
  }

  /** Remembers the list of a block (at most {@link MAX_CACHED_BLOCK} bytes) that {@link find} did not know. */
  add(hash: number, buf: Uint8Array, start: number, end: number, list: HeaderList): void {
    if (this.count === MAX_BLOCKS || this.bytes + (end - start) > MAX_BYTES) this.clear();
    if (this.count * 2 >= this.slots.length) this.grow();
    const entry = new CachedBlock(hash, Uint8Array.prototype.slice.call(buf, start, end), list);
    if (!this.put(entry)) return;
    this.last = entry;
    this.count++;
    this.bytes += end - start;
  }

  /** Forgets everything: the dynamic table has changed. */
  clear(): void {
    if (this.last === null) return;
    this.last = null;
    this.count = 0;
    this.bytes = 0;
    this.slots = NO_SLOTS;
  }

  private put(entry: CachedBlock): boolean {
    const { slots } = this;
    const mask = slots.length - 1;
    for (let i = 0; i < MAX_PROBES; i++) {
      const slot = (entry.hash + i) & mask;
      if (slots[slot] === null) {
        slots[slot] = entry;
        return true;
      }
    }
    return false;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Array(old.length === 0 ? FIRST_SLOTS : old.length * 2).fill(null);
    for (const entry of old) {
      if (entry !== null && !this.put(entry)) {
        // Only hashes made to collide come here.
        this.count--;
        this.bytes -= entry.bytes.length;
      }
    }
  }
}

/** A hash of the block `buf[start…end)`, four bytes a step. */
export function hashBlock(buf: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  let pos = start;
  for (const stop = end - 3; pos < stop; pos += 4) {
    const word = buf[pos]! | (buf[pos + 1]! << 8) | (buf[pos + 2]! << 16) | (buf[pos + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; pos < end; pos++) hash = Math.imul(hash ^ buf[pos]!, 0x01000193);
  // Spreads the differences to the low bits, which choose the slot.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

function same(bytes: Uint8Array, buf: Uint8Array, start: number, end: number): boolean {
  if (bytes.length !== end - start) return false;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== buf[start + i]) return false;
  return true;
}
