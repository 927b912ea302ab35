import { HpackError } from './hpack-error.js';

/** Most bytes {@link encodeInteger} writes for a value up to {@link MAX_INTEGER}: the prefix and 5 octets of 7 bits. */
export const MAX_INTEGER_BYTES = 6;

/** Largest integer that is read. Nothing in a header block is longer or indexes further. */
export const MAX_INTEGER = 0x7fffffff;

/** Octets after the prefix; also bounds padding with zeros (0x80 0x80 …), which the representation allows without end. */
const MAX_CONTINUATION = 5;

/** Reads integers (RFC 7541 §5.1). It leaves the position after the integer in a field, so that a read allocates nothing. */
export class IntegerReader {
  /** Position after the integer read last. */
  position = 0;

  /**
   * Reads the integer whose prefix is the low `prefixBits` (1–8) bits of `buf[pos]`.
   * @throws HpackError when it is over {@link MAX_INTEGER} or does not end before `end`
   */
  read(buf: Uint8Array, pos: number, end: number, prefixBits: number): number {
    if (pos >= end) throw new HpackError('the header block ends within a field');
    const mask = (1 << prefixBits) - 1;
    let value = buf[pos++]! & mask;
    if (value === mask) {
      const limit = pos + MAX_CONTINUATION;
      let scale = 1;
      for (;;) {
        if (pos >= end) throw new HpackError('the header block ends within an integer');
        if (pos >= limit) throw new HpackError('an integer is too long');
        const octet = buf[pos++]!;
        // A product, not a shift: with five octets it can pass 2^31, and must then be seen to.
        value += (octet & 0x7f) * scale;
        if (octet < 0x80) break;
        scale *= 128;
      }
      if (value > MAX_INTEGER) throw new HpackError('an integer is too large');
    }
    this.position = pos;
    return value;
  }
}

/**
 * Writes `value` (0–{@link MAX_INTEGER}) with a prefix of `prefixBits` bits (RFC 7541 §5.1) at `out[pos]`; `pattern` is what
 * stands in the first octet above the prefix.
 * @returns the position after it
 */
export function encodeInteger(
  out: Uint8Array,
  pos: number,
  prefixBits: number,
  pattern: number,
  value: number,
): number {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) {
    out[pos] = pattern | value;
    return pos + 1;
  }
  out[pos++] = pattern | mask;
  value -= mask;
  while (value >= 0x80) {
    out[pos++] = 0x80 | (value & 0x7f);
    value >>>= 7;
  }
  out[pos++] = value;
  return pos;
}
