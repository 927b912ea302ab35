import { HeaderField, Indexing as Index, type Indexing } from '../http2/hpack/header-field.js';
import { HeaderList } from '../http2/hpack/header-list.js';
import { FieldTag, ListTag } from './header-list-writer.js';

/** Reads what {@link HeaderListWriter} wrote; a known list or field is the same object each time. */
export class HeaderListReader {
  private lists: HeaderList[] = [];
  private fields: HeaderField[] = [];
  /** Position after the list read last. */
  position = 0;

  /**
   * Reads the list at `buf[pos…]` and sets `position`.
   * @throws Error when the bytes make no sense, which is a bug of ours and never a peer's doing
   */
  read(buf: Buffer, pos: number): HeaderList {
    const tag = buf[pos]!;
    if (tag === ListTag.known) {
      const known = this.lists[buf.readUInt32LE(pos + 1)];
      if (known === undefined) throw new Error('port: unknown header list number');
      this.position = pos + 5;
      return known;
    }
    if (tag > ListTag.forgetAndDefine) throw new Error(`port: bad header list tag ${tag}`);
    if (tag === ListTag.forgetAndDefine) this.lists = [];
    const list = new HeaderList(this.readFields(buf, pos + 1));
    if (tag !== ListTag.once) {
      list.shared = true;
      this.lists.push(list);
    }
    return list;
  }

  private readFields(buf: Buffer, pos: number): HeaderField[] {
    const count = buf.readUInt16LE(pos);
    const fields: HeaderField[] = new Array(count);
    this.position = pos + 2;
    for (let i = 0; i < count; i++) fields[i] = this.readField(buf);
    return fields;
  }

  private readField(buf: Buffer): HeaderField {
    const pos = this.position;
    const tag = buf[pos]!;
    if (tag === FieldTag.known) {
      const known = this.fields[buf.readUInt16LE(pos + 1)];
      if (known === undefined) throw new Error('port: unknown header field number');
      this.position = pos + 3;
      return known;
    }
    if (tag > FieldTag.forgetAndDefine || (tag > Index.never && tag < FieldTag.known)) {
      throw new Error(`port: bad header field tag ${tag}`);
    }
    const nameEnd = pos + 7 + buf.readUInt16LE(pos + 1);
    const valueEnd = nameEnd + buf.readUInt32LE(pos + 3);
    const name = buf.toString('latin1', pos + 7, nameEnd);
    const value = buf.toString('latin1', nameEnd, valueEnd);
    this.position = valueEnd;
    if (tag < FieldTag.known) return new HeaderField(name, value, tag as Indexing);
    if (tag === FieldTag.forgetAndDefine) this.fields = [];
    const field = new HeaderField(name, value, Index.repeated);
    this.fields.push(field);
    return field;
  }
}
