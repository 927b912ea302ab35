import { HpackError } from './hpack-error.js';
import {
  codeLengths,
  codes,
  EOS,
  firstCode,
  SHORT_BITS,
  shortCodes,
  symbolCount,
  symbolStart,
  symbols,
} from './huffman-table.js';

/** Most bytes that `encoded` bytes of Huffman code can stand for: the shortest codes have 5 bits. */
export function maxDecodedLength(encoded: number): number {
  return Math.ceil((encoded * 8) / 5);
}

/**
 * Decodes the Huffman-coded string in `src[pos…end)` (RFC 7541 §5.2) into `out`, which has room for
 * {@link maxDecodedLength}. A symbol costs one look-up unless its code is longer than 8 bits (rare characters).
 * @returns how many bytes were written, from `out[0]` on
 * @throws HpackError when EOS stands in the string, or when the padding is not fewer than 8 one bits
 */
export function huffmanDecode(src: Uint8Array, pos: number, end: number, out: Uint8Array): number {
  // The low `left` bits of `bits` are those not used yet; what is above them is of no meaning.
  let bits = 0;
  let left = 0;
  let n = 0;
  for (;;) {
    if (left < SHORT_BITS) {
      if (pos + 1 < end) {
        // Two at a time: the branch is taken half as often, and guessed wrong less.
        bits = (bits << 16) | (src[pos]! << 8) | src[pos + 1]!;
        pos += 2;
        left += 16;
      } else {
        if (pos === end) break;
        bits = (bits << 8) | src[pos++]!;
        left += 8;
      }
    }
    const entry = shortCodes[(bits >>> (left - SHORT_BITS)) & 0xff]!;
    if (entry !== 0) {
      left -= entry & 0xf;
      out[n++] = entry >>> 4;
      continue;
    }
    let code = (bits >>> (left - SHORT_BITS)) & 0xff;
    left -= SHORT_BITS;
    let length = SHORT_BITS;
    for (;;) {
      if (left === 0) {
        if (pos === end) throw new HpackError('a Huffman-coded string ends within a code');
        bits = src[pos++]!;
        left = 8;
      }
      left--;
      code = (code << 1) | ((bits >>> left) & 1);
      length++;
      const place = code - firstCode[length]!;
      // The code is complete: at 30 bits, if not before, this is so.
      if (place < symbolCount[length]!) {
        const symbol = symbols[symbolStart[length]! + place]!;
        if (symbol === EOS) throw new HpackError('EOS in a Huffman-coded string');
        out[n++] = symbol;
        break;
      }
    }
  }
  // Fewer than 8 bits are left: perhaps one more short code, then ones.
  while (left > 0) {
    const ones = (1 << (SHORT_BITS - left)) - 1;
    const entry = shortCodes[((bits << (SHORT_BITS - left)) | ones) & 0xff]!;
    const length = entry & 0xf;
    if (entry === 0 || length > left) {
      if ((bits & ((1 << left) - 1)) !== (1 << left) - 1) throw new HpackError('bad padding of a Huffman-coded string');
      break;
    }
    left -= length;
    out[n++] = entry >>> 4;
  }
  return n;
}

/** How many bytes {@link huffmanEncode} writes for `text` (one octet a character). */
export function huffmanEncodedLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += codeLengths[text.charCodeAt(i) & 0xff]!;
  return (bits + 7) >>> 3;
}

/** Writes `text` (one octet a character) Huffman-coded and padded at `out[pos…]`; returns the position after it. */
export function huffmanEncode(text: string, out: Uint8Array, pos: number): number {
  let bits = 0;
  let left = 0;
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i) & 0xff;
    const code = codes[octet]!;
    let length = codeLengths[octet]!;
    if (length > 16) {
      // In two parts: 7 bits left over and a code of 30 do not fit 32.
      length -= 16;
      bits = (bits << length) | (code >>> 16);
      left += length;
      while (left >= 8) {
        left -= 8;
        out[pos++] = bits >>> left;
      }
      length = 16;
      bits = (bits << 16) | (code & 0xffff);
    } else {
      bits = (bits << length) | code;
    }
    left += length;
    while (left >= 8) {
      left -= 8;
      out[pos++] = bits >>> left;
    }
  }
  if (left > 0) out[pos++] = (bits << (8 - left)) | ((1 << (8 - left)) - 1);
  return pos;
}
