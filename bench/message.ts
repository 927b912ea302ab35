/** Bytes of a gRPC message prefix: compressed flag and length (gRPC over HTTP/2, Length-Prefixed-Message). */
const PREFIX_BYTES = 5;
/** Tags of `bench.Message`'s fields, both length-delimited. */
const KEY = 0x0a;
const PAYLOAD = 0x12;
/** The key of messages that all look alike. */
const SAME_KEY = 'aaaaaaaa';

/**
 * The length-prefixed `bench.Message` of `bytes` bytes (without the prefix), as it goes into DATA frames. The key comes first, the
 * payload fills up.
 * @param key ASCII, under 128 characters
 * @throws RangeError when no message with this key has so many bytes
 */
export function messageOf(bytes: number, key = SAME_KEY): Buffer {
  const head = Buffer.concat([Buffer.from([KEY, key.length]), Buffer.from(key, 'latin1')]);
  const message = Buffer.concat([head, payloadOf(bytes - head.length)]);
  const framed = Buffer.alloc(PREFIX_BYTES + message.length);
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, PREFIX_BYTES);
  return framed;
}

/** A payload field that takes so many bytes with its tag and length. */
function payloadOf(bytes: number): Buffer {
  if (bytes === 0) return Buffer.alloc(0);
  for (let lengthBytes = 1; lengthBytes <= 4; lengthBytes++) {
    const length = bytes - 1 - lengthBytes;
    const coded = varint(length);
    if (length >= 0 && coded.length === lengthBytes)
      return Buffer.from([PAYLOAD, ...coded, ...Buffer.alloc(length, 'a')]);
  }
  throw new RangeError(`no field takes ${bytes} bytes`);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
