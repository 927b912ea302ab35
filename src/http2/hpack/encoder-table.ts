import { DynamicTable } from './dynamic-table.js';
import type { HeaderField } from './header-field.js';
import { STATIC_COUNT, staticMatch, staticNameIndex } from './static-table.js';

/** Most fields whose place is remembered by identity; past it they are forgotten and found by content again. */
const MAX_KNOWN = 512;

/**
 * The dynamic table as the encoder needs it: with look-up by field and by name. Fields are found by identity first, which
 * needs no string to be built or hashed, and by content when they are met for the first time.
 */
export class EncoderTable {
  private readonly table: DynamicTable;
  /** Field → serial of the equal entry, or minus the static index. May hold entries that are gone: compare the serial. */
  private known: Map<HeaderField, number> | null = null;
  /** Content → serial, of exactly the entries in the table. */
  private byKey: Map<string, number> | null = null;
  /** Name → serial of the newest entry with it. */
  private byName: Map<string, number> | null = null;

  constructor(maxBytes: number) {
    this.table = new DynamicTable(maxBytes);
  }

  get maxBytes(): number {
    return this.table.maxBytes;
  }

  /** Changes when an entry is added. */
  get serial(): number {
    return this.table.nextSerial;
  }

  fits(bytes: number): boolean {
    return this.table.fits(bytes);
  }

  /** The index (RFC 7541 §2.3.3) of the entry, static or dynamic, that equals `field`; 0 when there is none. */
  indexOf(field: HeaderField): number {
    if (this.known !== null) {
      const serial = this.known.get(field);
      if (serial !== undefined) {
        if (serial < 0) return -serial;
        if (serial >= this.table.oldestSerial) return this.indexFrom(serial);
      }
    }
    return this.find(field);
  }

  private find(field: HeaderField): number {
    const nameIndex = staticNameIndex(field.name);
    if (nameIndex !== 0) {
      const match = staticMatch(nameIndex, field.value);
      if (match !== 0) {
        this.remember(field, -match);
        return match;
      }
    }
    if (this.byKey === null) return 0;
    const serial = this.byKey.get(field.key);
    if (serial === undefined) return 0;
    this.remember(field, serial);
    return this.indexFrom(serial);
  }

  /** The index of a dynamic entry called `name`, or 0. Static names are the caller's to find. */
  nameIndex(name: string): number {
    if (this.byName === null) return 0;
    const serial = this.byName.get(name);
    return serial === undefined ? 0 : this.indexFrom(serial);
  }

  /** Adds a field that fits the table and equals no entry; what must be is evicted. */
  add(field: HeaderField): void {
    const { table } = this;
    while (!table.fits(field.size)) this.evict();
    this.byKey ??= new Map();
    this.byName ??= new Map();
    const serial = table.nextSerial;
    table.add(field);
    this.remember(field, serial);
    this.byKey.set(field.key, serial);
    this.byName.set(field.name, serial);
  }

  resize(maxBytes: number): void {
    while (this.table.bytes > maxBytes) this.evict();
    this.table.resize(maxBytes);
  }

  private evict(): void {
    const serial = this.table.oldestSerial;
    const field = this.table.evict();
    this.known?.delete(field);
    this.byKey?.delete(field.key);
    if (this.byName?.get(field.name) === serial) this.byName.delete(field.name);
  }

  private indexFrom(serial: number): number {
    return STATIC_COUNT + this.table.nextSerial - serial;
  }

  private remember(field: HeaderField, serial: number): void {
    if (this.known === null) this.known = new Map();
    else if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(field, serial);
  }
}
