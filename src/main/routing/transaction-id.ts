import { Writer } from 'protobufjs';
import type { RoutingFieldConfig } from '../config/routing-file.js';

/** The serial numbers of one cluster: decimal, from 0, one for each call on any of its `serial_number` backends. */
export class SerialNumbers {
  private count: number;

  /** @param first a whole number from 0 to 2^53 - 1 */
  constructor(first = 0) {
    this.count = first;
  }

  next(): string {
    const number = this.count;
    // Beyond, adding one changes nothing, and every call would get the same.
    this.count = number === Number.MAX_SAFE_INTEGER ? 0 : number + 1;
    return String(number);
  }
}

/** Wire types (protobuf encoding, "Message Structure"). */
const WIRE = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const;

/**
 * The bytes of a top-level field that carries `id`; appended to a message they override the same field before them.
 * @param id a decimal number below 2^53 for an integer field; anything for a string field
 */
export function encodeAssociationField(field: RoutingFieldConfig, id: string): Buffer {
  const number = field.numbers[0]!;
  const writer = Writer.create();
  const tag = (wire: number): Writer => writer.uint32(((number << 3) | wire) >>> 0);
  switch (field.type) {
    case 'string':
      tag(WIRE.length).string(id);
      break;
    case 'fixed32':
    case 'sfixed32':
      // A serial number past the field's range wraps, as it would in any program that counts in that type.
      tag(WIRE.fixed32).fixed32(Number(id) >>> 0);
      break;
    case 'fixed64':
    case 'sfixed64':
      tag(WIRE.fixed64).fixed64(Number(id));
      break;
    case 'sint32':
      tag(WIRE.varint).sint32(Number(id) | 0);
      break;
    case 'sint64':
      tag(WIRE.varint).sint64(Number(id));
      break;
    case 'int32':
      tag(WIRE.varint).int32(Number(id) | 0);
      break;
    case 'uint32':
      tag(WIRE.varint).uint32(Number(id) >>> 0);
      break;
    case 'int64':
    case 'uint64':
      tag(WIRE.varint).uint64(Number(id));
      break;
  }
  return Buffer.from(writer.finish());
}
