import { Random } from './random.js';

/** As much as a socket delivers at a time. */
const SOCKET_CHUNK = 65536;

/** Copies of the ranges of `input`, as a fast peer sends them. Copies, so that reading beyond a chunk finds nothing. */
export function largeChunks(input: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < input.length; at += SOCKET_CHUNK) chunks.push(copy(input, at, at + SOCKET_CHUNK));
  return chunks;
}

/** The same in pieces of which some are an octet and some a few thousand; always the same for the same length. */
export function smallChunks(input: Buffer): Buffer[] {
  const random = new Random(input.length);
  const chunks: Buffer[] = [];
  for (let at = 0; at < input.length; ) {
    const end = at + 1 + random.below(random.pick([1, 3, 30, 300, 3000]));
    chunks.push(copy(input, at, end));
    at = end;
  }
  return chunks;
}

function copy(input: Buffer, start: number, end: number): Buffer {
  const range = input.subarray(start, end);
  const own = Buffer.allocUnsafeSlow(range.length);
  range.copy(own);
  return own;
}
