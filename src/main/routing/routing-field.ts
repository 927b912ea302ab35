import { latin1Text } from '../../http2/hpack/latin1-text.js';
import type { RoutingFieldConfig, RoutingFieldType } from '../config/routing-file.js';

/** Groups within groups; protobuf's own parsers stop at 100. */
const MAX_GROUP_DEPTH = 100;

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_LENGTH = 2;
const WIRE_GROUP = 3;
const WIRE_END_GROUP = 4;
const WIRE_FIXED32 = 5;

/** What reading a field came to: a key, or why there is none. */
export const FieldFault = { none: 0, absent: 1, malformed: 2 } as const;
export type FieldFault = (typeof FieldFault)[keyof typeof FieldFault];

/**
 * A routing key as text that is equal for two values exactly when their bytes are: integers in decimal, strings as one
 * character per octet of their UTF-8 (so nothing is lost where a client sends what is not UTF-8). Keys that come as text of
 * another source, as in the control API, are brought into this form by this function.
 */
export function keyOfText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The reverse of {@link keyOfText}; octets that are not UTF-8 become U+FFFD. */
export function textOfKey(key: string): string {
  return Buffer.from(key, 'latin1').toString('utf8');
}

/**
 * Reads one field, `a.b.c`, of a protobuf message from its wire bytes; nothing else is decoded. As protobuf has it: the last
 * occurrence wins, repeated messages merge, fields of another wire type than theirs are unknown and skipped, and so are groups.
 *
 * Our own scan: it measures 2 to 4 times as fast as protobufjs's Reader (bench/micro/routing-field.ts), which is built to
 * decode and makes Longs and objects on the way. No allocation but for the key.
 */
export class RoutingField {
  readonly path: string;
  private readonly numbers: readonly number[];
  private readonly last: number;
  private readonly type: RoutingFieldType;
  private readonly wire: number;
  private readonly absentKey: Buffer | undefined;
  /** The decimal digits of a number. */
  private readonly digits = Buffer.alloc(MAX_DIGITS);

  /**
   * The key that {@link locate} found: `keyBuf[keyStart…keyEnd)`. It lies in the message that was read where that holds it as
   * text; {@link release} it when it is used.
   */
  keyBuf: Buffer = NO_BYTES;
  keyStart = 0;
  keyEnd = 0;

  // Of the message that is being read. Results that are not the return value are left in fields.
  private buf: Buffer = NO_BYTES;
  private pos = 0;
  private found = false;
  /** The varint read last: bits 0–31 and 32–63. */
  private low = 0;
  private high = 0;

  /** @param absentReadsAsDefault an absent field reads as its type's default: `''` or `0` */
  constructor(config: RoutingFieldConfig, absentReadsAsDefault: boolean) {
    this.path = config.path;
    this.numbers = config.numbers;
    this.last = config.numbers.length - 1;
    this.type = config.type;
    this.wire = wireType(config.type);
    this.absentKey = absentReadsAsDefault ? Buffer.from(config.type === 'string' ? '' : '0') : undefined;
  }

  /** The key in the message `buf[start…end)` as text, or why there is none. */
  read(buf: Buffer, start = 0, end = buf.length): string | FieldFault {
    const fault = this.locate(buf, start, end);
    const key = fault === FieldFault.none ? latin1Text(this.keyBuf, this.keyStart, this.keyEnd) : fault;
    this.release();
    return key;
  }

  /** Lets go of the message that was read last: a few bytes of it would keep the whole chunk that it came in. */
  release(): void {
    this.keyBuf = NO_BYTES;
  }

  /** Looks for the key in the message `buf[start…end)`, and leaves in {@link keyBuf} where it lies. */
  locate(buf: Buffer, start: number, end: number): FieldFault {
    this.buf = buf;
    this.pos = start;
    this.found = false;
    const sound = this.scan(end, 0);
    this.buf = NO_BYTES;
    if (!sound) return FieldFault.malformed;
    if (this.found) return FieldFault.none;
    if (this.absentKey === undefined) return FieldFault.absent;
    this.keyBuf = this.absentKey;
    this.keyStart = 0;
    this.keyEnd = this.absentKey.length;
    return FieldFault.none;
  }

  /** Walks the message that ends at `end`, looking for the path's part `level`. False when it is malformed. */
  private scan(end: number, level: number): boolean {
    const wanted = this.numbers[level]!;
    const wantedWire = level === this.last ? this.wire : WIRE_LENGTH;
    while (this.pos < end) {
      if (!this.readTag(end)) return false;
      const number = this.low >>> 3;
      const wire = this.low & 7;
      if (number !== wanted || wire !== wantedWire) {
        if (!this.skip(wire, number, end, 0)) return false;
      } else if (level < this.last) {
        const inner = this.readLength(end);
        if (inner < 0 || !this.scan(inner, level + 1)) return false;
      } else if (!this.readValue(end)) {
        return false;
      }
    }
    return true;
  }

  private readTag(end: number): boolean {
    // A tag is a 32-bit varint; number 0 does not exist.
    return this.readVarint(end) && this.high === 0 && this.low >>> 3 !== 0;
  }

  private readVarint(end: number): boolean {
    const { buf } = this;
    let { pos } = this;
    if (pos >= end) return false;
    let octet = buf[pos++]!;
    this.high = 0;
    if (octet < 0x80) {
      this.low = octet;
      this.pos = pos;
      return true;
    }
    let low = octet & 0x7f;
    let high = 0;
    for (let shift = 7; shift < 70; shift += 7) {
      if (pos >= end) return false;
      octet = buf[pos++]!;
      const bits = octet & 0x7f;
      if (shift < 28) {
        low |= bits << shift;
      } else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else {
        // The tenth octet holds bit 63 only; what is beyond is dropped, as protobuf's parsers do.
        high |= bits << (shift - 32);
      }
      if (octet < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        this.pos = pos;
        return true;
      }
    }
    return false;
  }

  /** Reads a length and returns where what it measures ends, or -1 when that is beyond `end`. */
  private readLength(end: number): number {
    if (!this.readVarint(end) || this.high !== 0) return -1;
    const stop = this.pos + this.low;
    return stop <= end ? stop : -1;
  }

  private skip(wire: number, number: number, end: number, depth: number): boolean {
    switch (wire) {
      case WIRE_VARINT:
        return this.readVarint(end);
      case WIRE_FIXED64:
        this.pos += 8;
        return this.pos <= end;
      case WIRE_FIXED32:
        this.pos += 4;
        return this.pos <= end;
      case WIRE_LENGTH: {
        const stop = this.readLength(end);
        if (stop < 0) return false;
        this.pos = stop;
        return true;
      }
      case WIRE_GROUP:
        return depth < MAX_GROUP_DEPTH && this.skipGroup(number, end, depth);
      default:
        return false;
    }
  }

  private skipGroup(number: number, end: number, depth: number): boolean {
    while (this.pos < end) {
      if (!this.readTag(end)) return false;
      const inner = this.low >>> 3;
      const wire = this.low & 7;
      if (wire === WIRE_END_GROUP) return inner === number;
      if (!this.skip(wire, inner, end, depth + 1)) return false;
    }
    return false;
  }

  private readValue(end: number): boolean {
    if (this.wire === WIRE_LENGTH) {
      const stop = this.readLength(end);
      if (stop < 0) return false;
      this.found = true;
      this.keyBuf = this.buf;
      this.keyStart = this.pos;
      this.keyEnd = stop;
      this.pos = stop;
      return true;
    }
    if (this.wire === WIRE_VARINT) {
      if (!this.readVarint(end)) return false;
      this.putDigits(this.varintKey());
      return true;
    }
    const stop = this.pos + (this.wire === WIRE_FIXED32 ? 4 : 8);
    if (stop > end) return false;
    this.putDigits(this.fixedKey());
    this.pos = stop;
    return true;
  }

  private putDigits(text: string): void {
    this.found = true;
    this.keyBuf = this.digits;
    this.keyStart = 0;
    this.keyEnd = this.digits.write(text, 'latin1');
  }

  private varintKey(): string {
    const { low, high } = this;
    switch (this.type) {
      case 'uint32':
        return String(low);
      case 'int32':
        return String(low | 0);
      case 'sint32':
        return String((low >>> 1) ^ -(low & 1));
      case 'sint64': {
        // Zigzag over 64 bits: (n >>> 1) ^ -(n & 1).
        const sign = -(low & 1);
        return signed64(((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign);
      }
      case 'int64':
        return signed64(low, high);
      default:
        return unsigned64(low, high);
    }
  }

  private fixedKey(): string {
    const { buf, pos } = this;
    switch (this.type) {
      case 'fixed32':
        return String(buf.readUInt32LE(pos));
      case 'sfixed32':
        return String(buf.readInt32LE(pos));
      case 'sfixed64':
        return signed64(buf.readUInt32LE(pos), buf.readUInt32LE(pos + 4));
      default:
        return unsigned64(buf.readUInt32LE(pos), buf.readUInt32LE(pos + 4));
    }
  }
}

const NO_BYTES = Buffer.alloc(0);

/** The longest number: -2^63. */
const MAX_DIGITS = 20;

/** 2^53 in the upper half: beyond it a number is not exact. */
const EXACT_HIGH = 0x200000;

function unsigned64(low: number, high: number): string {
  low >>>= 0;
  high >>>= 0;
  if (high < EXACT_HIGH) return String(high * 0x100000000 + low);
  return ((BigInt(high) << 32n) | BigInt(low)).toString();
}

function signed64(low: number, high: number): string {
  if (high >>> 31 === 0) return unsigned64(low, high);
  return BigInt.asIntN(64, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString();
}

function wireType(type: RoutingFieldType): number {
  switch (type) {
    case 'string':
      return WIRE_LENGTH;
    case 'fixed32':
    case 'sfixed32':
      return WIRE_FIXED32;
    case 'fixed64':
    case 'sfixed64':
      return WIRE_FIXED64;
    default:
      return WIRE_VARINT;
  }
}
