import { DEFAULT_TABLE_BYTES } from './dynamic-table.js';
import { EncodedListCache } from './encoded-list-cache.js';
import { EncoderTable } from './encoder-table.js';
import { type HeaderField, Indexing } from './header-field.js';
import type { HeaderList } from './header-list.js';
import { huffmanEncode, huffmanEncodedLength } from './huffman.js';
import { encodeInteger, MAX_INTEGER_BYTES } from './integer.js';
import { staticMatch, staticNameIndex } from './static-table.js';

/** What an encoder is given. */
export interface EncoderOptions {
  /** Most of the peer's dynamic table that we use, in bytes. */
  readonly tableSize: number;
}

/** No size update is waiting to be sent. */
const NO_UPDATE = -1;

/**
 * An insertion that pushes out others costs this many header blocks' worth of patience, of which at most so many
 * insertions' worth is saved up.
 */
const EVICTION_COST = 32;
const MAX_PATIENCE = 8 * EVICTION_COST;

/**
 * Encodes the header blocks of one connection (RFC 7541).
 *
 * What is indexed: a field equal to a table entry, always; of the others those that have proved to repeat
 * ({@link Indexing.repeated}) are added to the table, unless they are larger than half of it. When the fields that repeat are
 * more than the table holds, adding each would push out those needed next and make both sides' caches useless; so
 * insertions that evict are limited to one in {@link EVICTION_COST} blocks (not counting those from the cache), and the rest
 * go as literals: the table still turns over when the traffic changes.
 */
export class HpackEncoder {
  private readonly tableSize: number;
  private readonly table: EncoderTable;
  private readonly cache = new EncodedListCache();
  /** The smallest size since the last block (RFC 7541 §4.2), or {@link NO_UPDATE}. */
  private smallest = NO_UPDATE;
  private patience = MAX_PATIENCE;

  constructor(options: EncoderOptions) {
    this.tableSize = options.tableSize;
    // A table larger than the default has to wait for the peer's SETTINGS.
    this.table = new EncoderTable(Math.min(options.tableSize, DEFAULT_TABLE_BYTES));
    if (this.table.maxBytes !== DEFAULT_TABLE_BYTES) this.smallest = this.table.maxBytes;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE, in bytes, has arrived. The next block tells it what we make of it. */
  setPeerTableSize(bytes: number): void {
    const size = Math.min(bytes, this.tableSize);
    if (size === this.table.maxBytes) return;
    if (this.smallest !== NO_UPDATE && this.smallest < size) {
      // Two updates in one block: Go's decoder (x/net) refuses the second unless the first has emptied the table.
      this.smallest = 0;
      this.table.resize(0);
    } else {
      this.smallest = size;
    }
    this.table.resize(size);
    this.cache.clear();
  }

  /** Most bytes that {@link encode} will write for these. */
  maxEncodedLength(list: HeaderList, extra: HeaderField | undefined): number {
    // A field's 32 bytes of RFC 7541 §4.1 cover the two lengths and the index; Huffman is only used where it is shorter.
    const more = 2 * MAX_INTEGER_BYTES + (extra === undefined ? 0 : extra.size);
    if (list.shared) {
      const block = this.cache.find(list);
      if (block !== null) return block.length + more;
    }
    const { fields } = list;
    let bytes = more;
    for (let i = 0; i < fields.length; i++) bytes += fields[i]!.size;
    return bytes;
  }

  /**
   * Writes the header block of `list`, with `extra` as one more field at its end, at `out[pos…]`, where there is room for
   * {@link maxEncodedLength}. Blocks must be sent in the order in which they are encoded.
   * @returns the position after it
   */
  encode(list: HeaderList, extra: HeaderField | undefined, out: Buffer, pos: number): number {
    if (this.smallest !== NO_UPDATE) pos = this.writeSizeUpdates(out, pos);
    pos = list.shared ? this.writeSharedList(list, out, pos) : this.writeFields(list.fields, out, pos);
    return extra === undefined ? pos : this.writeField(extra, out, pos);
  }

  /** The smallest size the table had since the last block goes first: the peer evicts what we evicted (RFC 7541 §4.2). */
  private writeSizeUpdates(out: Buffer, pos: number): number {
    if (this.smallest < this.table.maxBytes) pos = encodeInteger(out, pos, 5, 0x20, this.smallest);
    this.smallest = NO_UPDATE;
    return encodeInteger(out, pos, 5, 0x20, this.table.maxBytes);
  }

  private writeSharedList(list: HeaderList, out: Buffer, pos: number): number {
    const block = this.cache.find(list);
    if (block !== null) {
      const { length } = block;
      if (length > 64) out.set(block, pos);
      else for (let i = 0; i < length; i++) out[pos + i] = block[i]!;
      return pos + length;
    }
    const { serial } = this.table;
    const end = this.writeFields(list.fields, out, pos);
    if (this.table.serial === serial) this.cache.add(list, out, pos, end);
    return end;
  }

  private writeFields(fields: readonly HeaderField[], out: Buffer, pos: number): number {
    if (this.patience < MAX_PATIENCE) this.patience++;
    for (let i = 0; i < fields.length; i++) pos = this.writeField(fields[i]!, out, pos);
    return pos;
  }

  private writeField(field: HeaderField, out: Buffer, pos: number): number {
    if (field.indexing === Indexing.repeated) {
      const index = this.table.indexOf(field);
      if (index !== 0) return encodeInteger(out, pos, 7, 0x80, index);
      if (this.worthAdding(field)) {
        // The name's index is from before the insertion, as the decoder will see it.
        pos = this.writeLiteral(field, this.nameIndex(field.name), 6, 0x40, out, pos);
        this.table.add(field);
        this.cache.clear();
        return pos;
      }
    }
    const staticName = staticNameIndex(field.name);
    if (field.indexing === Indexing.never) {
      return this.writeLiteral(
        field,
        staticName !== 0 ? staticName : this.table.nameIndex(field.name),
        4,
        0x10,
        out,
        pos,
      );
    }
    if (staticName === 0) return this.writeLiteral(field, this.table.nameIndex(field.name), 4, 0, out, pos);
    const match = staticMatch(staticName, field.value);
    if (match !== 0) return encodeInteger(out, pos, 7, 0x80, match);
    return this.writeLiteral(field, staticName, 4, 0, out, pos);
  }

  private nameIndex(name: string): number {
    const index = staticNameIndex(name);
    return index !== 0 ? index : this.table.nameIndex(name);
  }

  /** Whether a field that repeats gets a place in the table; see the class. */
  private worthAdding(field: HeaderField): boolean {
    const { size } = field;
    if (size > this.table.maxBytes >>> 1) return false;
    if (this.table.fits(size)) return true;
    if (this.patience < EVICTION_COST) return false;
    this.patience -= EVICTION_COST;
    return true;
  }

  private writeLiteral(
    field: HeaderField,
    nameIndex: number,
    prefixBits: number,
    pattern: number,
    out: Buffer,
    pos: number,
  ): number {
    pos = encodeInteger(out, pos, prefixBits, pattern, nameIndex);
    // What goes into the table is written once and for long: there the shorter form pays. A field of this call only does not
    // repay the work of coding it, here and at the peer.
    const coded = pattern === 0x40;
    if (nameIndex === 0) pos = coded ? writeString(field.name, out, pos) : writePlain(field.name, out, pos);
    return coded ? writeString(field.value, out, pos) : writePlain(field.value, out, pos);
  }
}

/** A string literal (RFC 7541 §5.2), Huffman-coded when that is shorter. */
function writeString(text: string, out: Buffer, pos: number): number {
  const { length } = text;
  const coded = huffmanEncodedLength(text);
  return coded < length
    ? huffmanEncode(text, out, encodeInteger(out, pos, 7, 0x80, coded))
    : writePlain(text, out, pos);
}

/** A string literal as it is. */
function writePlain(text: string, out: Buffer, pos: number): number {
  const { length } = text;
  pos = encodeInteger(out, pos, 7, 0, length);
  if (length > 32) return pos + out.write(text, pos, 'latin1');
  // A call into C++ costs more than a few characters.
  for (let i = 0; i < length; i++) out[pos + i] = text.charCodeAt(i);
  return pos + length;
}
