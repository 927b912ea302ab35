import type { Random } from '../random.js';

const INTERESTING = [0, 1, 2, 0x0f, 0x10, 0x1f, 0x20, 0x3f, 0x40, 0x7e, 0x7f, 0x80, 0xbe, 0xc0, 0xfe, 0xff];
/** Long enough for floods, short enough that an input takes a few milliseconds. */
const MOST_COPIES = 200;

/** One random change that knows nothing of what the bytes mean. `other` is another input, to take pieces from. */
export function mutateBytes(input: Buffer, other: Buffer, random: Random): Buffer {
  if (input.length === 0) return random.bytes(1 + random.below(40));
  const at = random.below(input.length);
  const end = Math.min(input.length, at + 1 + random.below(random.pick([1, 8, 64, 1024])));
  switch (random.below(9)) {
    case 0:
      return replaced(input, at, at + 1, Buffer.of(input[at]! ^ (1 << random.below(8))));
    case 1:
      return replaced(input, at, at + 1, Buffer.of(random.pick(INTERESTING)));
    case 2:
      return replaced(input, at, at + 4, uint32(random));
    case 3:
      return input.subarray(0, at);
    case 4:
      return replaced(input, at, end, Buffer.alloc(0));
    case 5:
      return replaced(input, at, at, random.bytes(1 + random.below(16)));
    case 6:
      return replaced(input, at, at, pieceOf(other, random));
    case 7:
      return replaced(input, at, end, pieceOf(other, random));
    default:
      return replaced(input, at, at, repeated(input.subarray(at, end), random));
  }
}

/** `input` with its range [start, end) replaced. */
export function replaced(input: Buffer, start: number, end: number, by: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, start), by, input.subarray(end)]);
}

function pieceOf(other: Buffer, random: Random): Buffer {
  const start = random.below(other.length + 1);
  return other.subarray(start, start + 1 + random.below(random.pick([4, 64, 1024])));
}

/** Copies of `piece`: seldom many. */
export function repeated(piece: Buffer, random: Random): Buffer {
  const copies = random.once(8) ? 1 + random.below(MOST_COPIES) : 1 + random.below(3);
  return Buffer.concat(new Array<Buffer>(copies).fill(piece));
}

/** Four octets, big-endian: a number at which arithmetic may turn. */
export function uint32(random: Random): Buffer {
  const bytes = Buffer.alloc(4);
  const edge = random.pick([0, 1, 0x7f, 0x3fff, 0x4000, 0x4001, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff]);
  bytes.writeUInt32BE(random.once(4) ? random.below(0x100000000) : edge);
  return bytes;
}
