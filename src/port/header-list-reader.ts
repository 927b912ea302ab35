import { HeaderField, Indexing as Index, type Indexing } from '../http2/hpack/header-field.js';
import { HeaderList } from '../http2/hpack/header-list.js';
import { FieldTag, ListTag } from './header-list-writer.js';

/** Reads what {@link HeaderListWriter} wrote; a known list or field is the same object each time. */
export class HeaderListReader {
  private lists: HeaderList[] = [];
  private fields: HeaderField[] = [];
  private position = 0;
  private end = 0;

  /**
   * Reads the list that is the rest of a record, `buf[pos…end)`.
   * @throws Error when the bytes make no sense, which is a bug of ours and never a peer's doing; numbers may have been given
   *   by then, so the reader must not be used again
   */
  read(buf: Buffer, pos: number, end: number): HeaderList {
    this.position = pos;
    this.end = end;
    const list = this.readList(buf);
    if (this.position !== end) throw new Error('port: a header list ends before its record');
    return list;
  }

  private readList(buf: Buffer): HeaderList {
    const pos = this.take(1);
    const tag = buf[pos]!;
    if (tag === ListTag.known) {
      const known = this.lists[buf.readUInt32LE(this.take(4))];
      if (known === undefined) throw new Error('port: unknown header list number');
      return known;
    }
    if (tag > ListTag.forgetAndDefine) throw new Error(`port: bad header list tag ${tag}`);
    if (tag === ListTag.forgetAndDefine) this.lists = [];
    const list = new HeaderList(this.readFields(buf));
    if (tag !== ListTag.once) {
      list.shared = true;
      this.lists.push(list);
    }
    return list;
  }

  /** Moves past the next `bytes` and returns where they begin. */
  private take(bytes: number): number {
    const start = this.position;
    const after = start + bytes;
    if (after > this.end) throw new Error('port: a header list runs over its record');
    this.position = after;
    return start;
  }

  private readFields(buf: Buffer): HeaderField[] {
    const count = buf.readUInt32LE(this.take(4));
    // A field takes an octet or more: nothing is made room for that cannot follow.
    if (count > this.end - this.position) throw new Error('port: a header list runs over its record');
    const fields: HeaderField[] = new Array(count);
    for (let i = 0; i < count; i++) fields[i] = this.readField(buf);
    return fields;
  }

  private readField(buf: Buffer): HeaderField {
    const tag = buf[this.take(1)]!;
    if (tag === FieldTag.known) {
      const known = this.fields[buf.readUInt16LE(this.take(2))];
      if (known === undefined) throw new Error('port: unknown header field number');
      return known;
    }
    if (tag > FieldTag.forgetAndDefine || (tag > Index.never && tag < FieldTag.known)) {
      throw new Error(`port: bad header field tag ${tag}`);
    }
    const lengths = this.take(8);
    const nameStart = this.take(buf.readUInt32LE(lengths));
    const valueStart = this.take(buf.readUInt32LE(lengths + 4));
    const name = buf.toString('latin1', nameStart, valueStart);
    const value = buf.toString('latin1', valueStart, this.position);
    if (tag < FieldTag.known) return new HeaderField(name, value, tag as Indexing);
    if (tag === FieldTag.forgetAndDefine) this.fields = [];
    const field = new HeaderField(name, value, Index.repeated);
    this.fields.push(field);
    return field;
  }
}
