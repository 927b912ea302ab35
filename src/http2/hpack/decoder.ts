import { DEFAULT_TABLE_BYTES, DynamicTable } from './dynamic-table.js';
import { HeaderBlockCache, hashBlock, MAX_CACHED_BLOCK } from './header-block-cache.js';
import { HeaderField, Indexing } from './header-field.js';
import { HeaderList } from './header-list.js';
import { HeaderBombError, HpackError } from './hpack-error.js';
import { huffmanDecode, maxDecodedLength } from './huffman.js';
import { IntegerReader } from './integer.js';
import { latin1Text } from './latin1-text.js';
import type { SharedHeaderLists } from './shared-header-lists.js';
import { STATIC_COUNT, staticTable } from './static-table.js';

/** What a decoder allows. */
export interface DecoderOptions {
  /** The SETTINGS_HEADER_TABLE_SIZE we announce, in bytes. */
  readonly tableSize: number;
  /** Most bytes of one header list as RFC 9113 §6.5.2 counts them: name + value + 32 a field. */
  readonly maxListBytes: number;
  /** Most fields of one header list. */
  readonly maxListFields: number;
  /** Where lists that repeat become one with those of the thread's other connections. */
  readonly shared: SharedHeaderLists;
}

/** Stands for a header list that was over a limit: it has been decoded, for the table's sake, and thrown away. */
export const oversizedList = new HeaderList([]);

/** A block this many times over a limit is an attack and ends the connection. */
const ABSURD = 4;

/** Work area for Huffman-coded strings up to usual lengths; nothing stays in it between two strings. */
const scratch = Buffer.allocUnsafeSlow(8192);

/**
 * Decodes the header blocks of one connection (RFC 7541 §3), in the order in which they arrive.
 *
 * Most blocks repeat byte for byte (clients either index a field or, like nghttp2 its `:path`, write the same literal each
 * time), so those that leave the table as it is are looked up in a cache first. In the others, a field that the peer refers to
 * by index costs no more than the reference.
 */
export class HpackDecoder {
  private readonly shared: SharedHeaderLists;
  private readonly maxListBytes: number;
  private readonly maxListFields: number;
  private readonly tableSize: number;
  /** What size updates may ask for (RFC 7541 §6.3): until the peer knows our setting, it may go by the default. */
  private maxTableSize: number;
  /** The peer has agreed to a smaller table than it uses: its next block must begin by saying so (RFC 9113 §4.3.1). */
  private updateDue = false;
  private readonly table = new DynamicTable(DEFAULT_TABLE_BYTES);
  private readonly cache = new HeaderBlockCache();
  private readonly integer = new IntegerReader();

  // Of the block that is being decoded:
  private pos = 0;
  private listBytes = 0;
  private over = false;

  constructor(options: DecoderOptions) {
    this.shared = options.shared;
    this.maxListBytes = options.maxListBytes;
    this.maxListFields = options.maxListFields;
    this.tableSize = options.tableSize;
    this.maxTableSize = Math.max(options.tableSize, DEFAULT_TABLE_BYTES);
  }

  /** The peer has acknowledged our SETTINGS: from its next block on, the table size we announced holds. */
  settingsAcknowledged(): void {
    this.maxTableSize = this.tableSize;
    if (this.table.maxBytes <= this.tableSize) return;
    this.updateDue = true;
    // A block that is known is not looked at, and would get past the update that is due.
    this.cache.clear();
  }

  /**
   * Decodes the header block `buf[start…end)`.
   * @returns the list, or {@link oversizedList} when it is over `maxListBytes` or `maxListFields`
   * @throws HpackError a connection error; the decoder must not be used again
   */
  decode(buf: Buffer, start: number, end: number): HeaderList {
    const small = end - start <= MAX_CACHED_BLOCK;
    if (small) {
      const known = this.cache.find(buf, start, end);
      if (known !== undefined) return known;
    }
    const serial = this.table.nextSerial;
    this.listBytes = 0;
    this.over = false;
    this.pos = start;
    const resized = this.readSizeUpdates(buf, end);
    const list = this.readFields(buf, end);
    if (this.over) return oversizedList;
    if (resized || !small || this.table.nextSerial !== serial) return list;
    const hash = hashBlock(buf, start, end);
    if (!this.shared.seenBefore(hash)) return list;
    const canonical = this.shared.canonical(list);
    this.cache.add(hash, buf, start, end, canonical);
    return canonical;
  }

  /** Dynamic table size updates stand before the first field only (RFC 7541 §4.2, §6.3). Returns whether there were any. */
  private readSizeUpdates(buf: Buffer, end: number): boolean {
    let any = false;
    while (this.pos < end && (buf[this.pos]! & 0xe0) === 0x20) {
      const bytes = this.integer.read(buf, this.pos, end, 5);
      this.pos = this.integer.position;
      if (bytes > this.maxTableSize) throw new HpackError(`a table size update to ${bytes}, over ${this.maxTableSize}`);
      this.table.resize(bytes);
      if (bytes <= this.tableSize) this.updateDue = false;
      any = true;
    }
    if (any) this.cache.clear();
    if (this.updateDue) throw new HpackError('the table size update that our SETTINGS ask for is missing');
    return any;
  }

  private readFields(buf: Buffer, end: number): HeaderList {
    const { integer } = this;
    const fields: HeaderField[] = [];
    let count = 0;
    while (this.pos < end) {
      const first = buf[this.pos]!;
      if (++count > this.maxListFields) this.tooMany(count);
      if (first >= 0x80) {
        // Indexed field (§6.1).
        let index = first & 0x7f;
        if (index === 0x7f) {
          index = integer.read(buf, this.pos, end, 7);
          this.pos = integer.position;
        } else {
          this.pos++;
        }
        const field = this.fieldAt(index);
        this.charge(field.size);
        if (!this.over) fields.push(field);
      } else if (first >= 0x40) {
        // Literal with incremental indexing (§6.2.1).
        const field = this.readLiteral(buf, end, 6, Indexing.once, true);
        if (!this.over) fields.push(field);
      } else if (first < 0x20) {
        // Literal without indexing (§6.2.2) or never indexed (§6.2.3).
        const field = this.readLiteral(buf, end, 4, first < 0x10 ? Indexing.once : Indexing.never, false);
        if (!this.over) fields.push(field);
      } else {
        throw new HpackError('a table size update within a header block');
      }
    }
    return new HeaderList(fields);
  }

  /** Resolves an index (§2.3.3). A field that is referred to has proved to repeat. */
  private fieldAt(index: number): HeaderField {
    if (index <= STATIC_COUNT) {
      if (index === 0) throw new HpackError('index 0');
      return staticTable[index - 1]!;
    }
    const place = index - STATIC_COUNT - 1;
    if (place >= this.table.count) throw new HpackError(`index ${index} is not in the table`);
    const field = this.table.at(place);
    if (field.indexing !== Indexing.once) return field;
    const shared = this.shared.canonicalField(field);
    this.table.replace(place, shared);
    return shared;
  }

  private nameAt(index: number): string {
    if (index <= STATIC_COUNT) return staticTable[index - 1]!.name;
    const place = index - STATIC_COUNT - 1;
    if (place >= this.table.count) throw new HpackError(`name index ${index} is not in the table`);
    return this.table.at(place).name;
  }

  /** A literal at `pos`, whose name index has `prefixBits` bits. Over a limit, what it returns is of no use. */
  private readLiteral(buf: Buffer, end: number, prefixBits: number, indexing: Indexing, insert: boolean): HeaderField {
    const before = this.listBytes;
    const nameIndex = this.integer.read(buf, this.pos, end, prefixBits);
    this.pos = this.integer.position;
    this.charge(32);
    let name: string;
    if (nameIndex === 0) {
      name = this.readString(buf, end, insert);
    } else {
      name = this.nameAt(nameIndex);
      this.charge(name.length);
    }
    const value = this.readString(buf, end, insert);
    const field = new HeaderField(name, value, indexing);
    if (insert) {
      this.cache.clear();
      // By what was charged, because a string too long for the table was not made. Such a field empties it (§4.4).
      if (this.listBytes - before > this.table.maxBytes) this.emptyTable();
      else this.table.add(field);
    }
    return field;
  }

  /** Counts as a change of the table, too: the serial moves on. */
  private emptyTable(): void {
    this.table.clear();
    this.table.nextSerial++;
  }

  /**
   * A string (§5.2) at `pos`, charged before it is made. It is not made (the result is empty) when the list is over a limit,
   * unless it is `forTable` and can have a place there.
   */
  private readString(buf: Buffer, end: number, forTable: boolean): string {
    const { pos } = this;
    if (pos >= end) throw new HpackError('the header block ends within a field');
    const first = buf[pos]!;
    let start = pos + 1;
    let length = first & 0x7f;
    if (length === 0x7f) {
      length = this.integer.read(buf, pos, end, 7);
      start = this.integer.position;
    }
    const stop = start + length;
    if (stop > end) throw new HpackError('a string is longer than its header block');
    this.pos = stop;
    if (first < 0x80) {
      this.charge(length);
      return this.wants(length, forTable) ? latin1Text(buf, start, stop) : '';
    }
    const room = maxDecodedLength(length);
    const out = room <= scratch.length ? scratch : Buffer.allocUnsafeSlow(room);
    const decoded = huffmanDecode(buf, start, stop, out);
    this.charge(decoded);
    return this.wants(decoded, forTable) ? latin1Text(out, 0, decoded) : '';
  }

  private wants(length: number, forTable: boolean): boolean {
    return !this.over || (forTable && length <= this.table.maxBytes);
  }

  /** Counts `bytes` against the limit, whatever becomes of the field they belong to. */
  private charge(bytes: number): void {
    this.listBytes += bytes;
    if (this.listBytes > this.maxListBytes) {
      this.over = true;
      if (this.listBytes > this.maxListBytes * ABSURD) {
        throw new HeaderBombError(`a header list of over ${ABSURD} times ${this.maxListBytes} bytes`);
      }
    }
  }

  private tooMany(count: number): void {
    this.over = true;
    if (count > this.maxListFields * ABSURD) {
      throw new HeaderBombError(`a header list of over ${ABSURD} times ${this.maxListFields} fields`);
    }
  }
}
