import { HpackEncoder } from '../../src/http2/hpack/encoder.js';
import { EncoderTable } from '../../src/http2/hpack/encoder-table.js';
import type { HeaderField } from '../../src/http2/hpack/header-field.js';
import type { HeaderList } from '../../src/http2/hpack/header-list.js';
import { encodeInteger } from '../../src/http2/hpack/integer.js';
import { staticNameIndex } from '../../src/http2/hpack/static-table.js';

const TABLE_BYTES = 4096;

/**
 * Writes header blocks as grpc-go (golang.org/x/net/http2/hpack) does: every field goes into the dynamic table, also one that will
 * never come again and only pushes others out. Our own encoder avoids that, which would make things easy for our decoder.
 */
export class IndexingEncoder extends HpackEncoder {
  private readonly entries = new EncoderTable(TABLE_BYTES);

  constructor() {
    super({ tableSize: TABLE_BYTES });
  }

  override maxEncodedLength(list: HeaderList, extra: HeaderField | undefined): number {
    return list.size + (extra?.size ?? 0);
  }

  override encode(list: HeaderList, extra: HeaderField | undefined, out: Buffer, pos: number): number {
    for (const field of list.fields) pos = this.write(field, out, pos);
    return extra === undefined ? pos : this.write(extra, out, pos);
  }

  private write(field: HeaderField, out: Buffer, pos: number): number {
    const index = this.entries.indexOf(field);
    if (index !== 0) return encodeInteger(out, pos, 7, 0x80, index);
    const name = staticNameIndex(field.name) || this.entries.nameIndex(field.name);
    pos = encodeInteger(out, pos, 6, 0x40, name);
    if (name === 0) pos = this.writeText(field.name, out, pos);
    pos = this.writeText(field.value, out, pos);
    this.entries.add(field);
    return pos;
  }

  private writeText(text: string, out: Buffer, pos: number): number {
    pos = encodeInteger(out, pos, 7, 0, text.length);
    return pos + out.write(text, pos, 'latin1');
  }
}
