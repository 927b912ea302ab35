import type { HeaderList } from './header-list.js';

/** Longest encoding that is remembered, in bytes. */
const MAX_ENCODING = 1024;
/** Most lists, and most bytes of encodings, remembered for one connection; past them all are forgotten. */
const MAX_LISTS = 256;
const MAX_BYTES = 16 * 1024;

/**
 * Header lists → header blocks, the encoder's counterpart of {@link HeaderBlockCache}: it holds as long as the dynamic table
 * does not change, and only blocks that do not change it themselves may be added. Takes no memory until the first is added.
 */
export class EncodedListCache {
  private lastList: HeaderList | null = null;
  private lastBlock: Uint8Array | null = null;
  private blocks: Map<HeaderList, Uint8Array> | null = null;
  private bytes = 0;

  /** The header block for `list`, if it is known. */
  find(list: HeaderList): Uint8Array | null {
    if (list === this.lastList) return this.lastBlock;
    if (this.blocks === null) return null;
    const block = this.blocks.get(list);
    if (block === undefined) return null;
    this.lastList = list;
    this.lastBlock = block;
    return block;
  }

  /** Remembers that `out[start…end)` is the block for `list`. */
  add(list: HeaderList, out: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > MAX_ENCODING) return;
    if (this.blocks !== null && (this.blocks.size === MAX_LISTS || this.bytes + length > MAX_BYTES)) this.clear();
    this.blocks ??= new Map();
    const block = Uint8Array.prototype.slice.call(out, start, end);
    this.blocks.set(list, block);
    this.bytes += length;
    this.lastList = list;
    this.lastBlock = block;
  }

  /** Forgets everything: the dynamic table has changed. */
  clear(): void {
    if (this.blocks === null) return;
    this.blocks = null;
    this.lastList = null;
    this.lastBlock = null;
    this.bytes = 0;
  }
}
