import type { HeaderField } from '../http2/hpack/header-field.js';
import { Indexing } from '../http2/hpack/header-field.js';
import type { HeaderList } from '../http2/hpack/header-list.js';

/** Most lists, and most fields, that both ends remember by number. */
export const INTERN_LIMIT = 4096;

/** The first byte of a header list on the port. */
export const ListTag = {
  /** uint32 number of a list both ends know. */
  known: 0,
  /** Fields follow; the list gets the next number. */
  define: 1,
  /** Fields follow; the list gets no number. */
  once: 2,
  /** Both ends forget all lists; then as `define`. */
  forgetAndDefine: 3,
} as const;

/** The first byte of a field on the port: an {@link Indexing} value for a literal, or one of these. */
export const FieldTag = {
  /** uint16 number of a field both ends know. */
  known: 0x10,
  /** Literal that gets the next number (its indexing is `repeated`). */
  define: 0x11,
  /** Both ends forget all fields; then as `define`. */
  forgetAndDefine: 0x12,
} as const;

/** Bytes a list takes at most: RFC 7541 charges 32 a field, more than our tags and lengths. */
export function maxListBytes(list: HeaderList): number {
  return list.size + 16;
}

/**
 * Writes header lists so that those which repeat cross as a number. Which repeat is known from HPACK: shared lists, and
 * fields that a peer referred to by index. The reader ({@link HeaderListReader}) mirrors every assignment because it sees the
 * same bytes in the same order; so a table is simply forgotten when full.
 */
export class HeaderListWriter {
  private readonly lists = new Map<HeaderList, number>();
  private readonly fields = new Map<HeaderField, number>();

  /** Writes `list` at `out[pos…]`, which has room for {@link maxListBytes}; returns the position after it. */
  write(list: HeaderList, out: Buffer, pos: number): number {
    if (!list.shared) {
      out[pos] = ListTag.once;
      return this.writeFields(list.fields, out, pos + 1);
    }
    const number = this.lists.get(list);
    if (number !== undefined) {
      out[pos] = ListTag.known;
      return out.writeUInt32LE(number, pos + 1);
    }
    out[pos] = ListTag.define;
    if (this.lists.size === INTERN_LIMIT) {
      this.lists.clear();
      out[pos] = ListTag.forgetAndDefine;
    }
    this.lists.set(list, this.lists.size);
    return this.writeFields(list.fields, out, pos + 1);
  }

  private writeFields(fields: readonly HeaderField[], out: Buffer, pos: number): number {
    pos = out.writeUInt32LE(fields.length, pos);
    for (let i = 0; i < fields.length; i++) pos = this.writeField(fields[i]!, out, pos);
    return pos;
  }

  private writeField(field: HeaderField, out: Buffer, pos: number): number {
    let tag: number = field.indexing;
    if (tag === Indexing.repeated) {
      const number = this.fields.get(field);
      if (number !== undefined) {
        out[pos] = FieldTag.known;
        return out.writeUInt16LE(number, pos + 1);
      }
      tag = FieldTag.define;
      if (this.fields.size === INTERN_LIMIT) {
        this.fields.clear();
        tag = FieldTag.forgetAndDefine;
      }
      this.fields.set(field, this.fields.size);
    }
    out[pos] = tag;
    const { name, value } = field;
    pos = out.writeUInt32LE(name.length, pos + 1);
    pos = out.writeUInt32LE(value.length, pos);
    pos += out.write(name, pos, 'latin1');
    return pos + out.write(value, pos, 'latin1');
  }
}
