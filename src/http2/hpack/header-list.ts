import type { HeaderField } from './header-field.js';

/**
 * An immutable list of header fields in order. Like {@link HeaderField}, identity is meaningful: a header block that a
 * peer repeats byte for byte yields the same list object, and layers above keep what they derived from it in `memo`.
 */
export class HeaderList {
  readonly fields: readonly HeaderField[];
  /**
   * True once the list has proved to repeat and has been made canonical ({@link SharedHeaderLists}): from then on it is
   * worth interning (port) and caching (encoder). Lists that occur once stay `false` and are written out in full.
   */
  shared = false;
  /** Kinds of header block for which the list has been found well-formed ({@link malformed}), as bits. */
  checked = 0;
  /** The value of `content-length` once checked, or -1 without one. */
  contentLength = -1;
  /** What the layer above derived from this list (for example the parsed gRPC request head). Its owner casts it. */
  memo: unknown = undefined;

  constructor(fields: readonly HeaderField[]) {
    this.fields = fields;
  }

  /** The value of the first field called `name` (lower case), or undefined. */
  get(name: string): string | undefined {
    const { fields } = this;
    for (let i = 0; i < fields.length; i++) if (fields[i]!.name === name) return fields[i]!.value;
    return undefined;
  }

  /** Size in bytes as RFC 9113 §6.5.2 counts SETTINGS_MAX_HEADER_LIST_SIZE. */
  get size(): number {
    let size = 0;
    for (const field of this.fields) size += field.size;
    return size;
  }
}
