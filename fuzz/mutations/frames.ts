import { Flag, type Frame, frame, PREFACE, splitFrames, Type } from '../../test/support/frames.js';
import type { Random } from '../random.js';
import { mutateBytes, repeated, uint32 } from './bytes.js';

const TYPES = [...Object.values(Type), 0x77];
const FLAGS = [0, Flag.END_STREAM, Flag.END_HEADERS, Flag.PADDED, Flag.PRIORITY, 0xff];
/** Setting identifiers (RFC 9113 §6.5.2), the unknown 0x77 among them. */
const SETTINGS = [1, 2, 3, 4, 5, 6, 8, 0x77];

/** A connection's bytes as frames; what is none at the end stays as it is. */
interface Connection {
  readonly preface: boolean;
  readonly frames: Frame[];
  readonly rest: Buffer;
}

function parse(input: Buffer): Connection {
  const preface = input.subarray(0, PREFACE.length).equals(PREFACE);
  return { preface, ...splitFrames(preface ? input.subarray(PREFACE.length) : input) };
}

function unparse({ preface, frames, rest }: Connection): Buffer {
  return Buffer.concat([preface ? PREFACE : Buffer.alloc(0), ...frames.map(toBytes), rest]);
}

function toBytes({ type, flags, stream, payload }: Frame): Buffer {
  return frame(type, flags, stream, payload);
}

/**
 * One random change of a connection's frames. All but the last kind keep the lengths in the heads right, so that what is behind the
 * reader sees it.
 */
export function mutateFrames(input: Buffer, other: Buffer, random: Random): Buffer {
  const connection = parse(input);
  const { frames } = connection;
  if (frames.length === 0) return Buffer.concat([PREFACE, toBytes(made(random, 0))]);
  const at = random.below(frames.length);
  const one = frames[at]!;
  switch (random.below(10)) {
    case 0:
      frames.splice(at, 1 + random.below(3));
      break;
    case 1:
      return unparse({ ...connection, frames: frames.slice(0, at), rest: repeatedTail(frames, at, random) });
    case 2:
      frames.splice(at, 1);
      frames.splice(random.below(frames.length + 1), 0, one);
      break;
    case 3: {
      const donor = parse(other).frames;
      const from = random.below(donor.length + 1);
      frames.splice(at, 0, ...donor.slice(from, from + 1 + random.below(4)));
      break;
    }
    case 4:
    case 5:
      frames.splice(at, 0, made(random, one.stream));
      break;
    case 6:
      frames[at] = { ...one, payload: mutateBytes(one.payload, other, random).subarray(0, 20000) };
      break;
    case 7:
      frames[at] = changedHead(one, frames, random);
      break;
    case 8:
      frames.splice(at, 1, ...split(one, random));
      break;
    default: {
      const bytes = toBytes(one);
      bytes.writeUIntBE(random.pick([0, 1, one.payload.length + 1, 0x4000, 0x4001, 0xffffff]), 0, 3);
      return unparse({
        ...connection,
        frames: frames.slice(0, at),
        rest: Buffer.concat([bytes, ...frames.slice(at + 1).map(toBytes)]),
      });
    }
  }
  return unparse(connection);
}

/** The frames from `at` on, with the one there several times. */
function repeatedTail(frames: readonly Frame[], at: number, random: Random): Buffer {
  return Buffer.concat([repeated(toBytes(frames[at]!), random), ...frames.slice(at + 1).map(toBytes)]);
}

function changedHead(one: Frame, frames: readonly Frame[], random: Random): Frame {
  switch (random.below(4)) {
    case 0:
      return { ...one, type: random.pick(TYPES) };
    case 1:
      return { ...one, flags: one.flags ^ random.pick(FLAGS) };
    default:
      return { ...one, stream: streamId(random, random.pick(frames).stream) };
  }
}

function streamId(random: Random, near: number): number {
  return random.pick([0, 1, 2, near, near + 1, near + 2, near + 4, 0x7fffffff]) & 0x7fffffff;
}

/** A frame as its type's section of RFC 9113 §6 has it, with a value at which something may turn. */
function made(random: Random, near: number): Frame {
  const stream = streamId(random, near);
  switch (random.below(9)) {
    case 0:
      return { type: Type.DATA, flags: random.pick(FLAGS), stream, payload: random.bytes(random.below(40)) };
    case 1:
      return { type: Type.RST_STREAM, flags: 0, stream, payload: uint32(random) };
    case 2:
      return { type: Type.PRIORITY, flags: 0, stream, payload: Buffer.concat([uint32(random), Buffer.of(0)]) };
    case 3:
      return { type: Type.PING, flags: random.below(2), stream: 0, payload: random.bytes(8) };
    case 4:
      return { type: Type.GOAWAY, flags: 0, stream: 0, payload: Buffer.concat([uint32(random), uint32(random)]) };
    case 5:
    case 6:
      return { type: Type.WINDOW_UPDATE, flags: 0, stream: random.once(2) ? 0 : stream, payload: uint32(random) };
    case 7:
      return { type: Type.SETTINGS, flags: 0, stream: 0, payload: settings(random) };
    default:
      return { type: Type.SETTINGS, flags: Flag.ACK, stream: 0, payload: Buffer.alloc(0) };
  }
}

function settings(random: Random): Buffer {
  const entries = Array.from({ length: random.once(10) ? 70 : 1 + random.below(4) }, () =>
    Buffer.concat([Buffer.of(0, random.pick(SETTINGS)), uint32(random)]),
  );
  return Buffer.concat(entries);
}

/** A header block in HEADERS and CONTINUATION, DATA in two; padded now and then. */
function split(one: Frame, random: Random): Frame[] {
  const cut = random.below(one.payload.length + 1);
  const [head, tail] = [one.payload.subarray(0, cut), one.payload.subarray(cut)];
  if (one.type === Type.HEADERS || one.type === Type.CONTINUATION) {
    return [
      { ...one, flags: one.flags & ~Flag.END_HEADERS, payload: head },
      { ...one, type: Type.CONTINUATION, flags: one.flags & Flag.END_HEADERS, payload: tail },
    ];
  }
  if (one.type !== Type.DATA) return [one, one];
  const padding = random.below(256);
  const padded = Buffer.concat([Buffer.of(padding), head, Buffer.alloc(padding)]);
  return [
    { ...one, flags: (one.flags & ~Flag.END_STREAM) | Flag.PADDED, payload: padded },
    { ...one, payload: tail },
  ];
}
