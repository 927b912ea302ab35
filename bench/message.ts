/** Bytes of a gRPC message prefix: compressed flag and length (gRPC over HTTP/2, Length-Prefixed-Message). */
const PREFIX_BYTES = 5;

/** The length-prefixed `bench.Message` with this key (ASCII): what goes into DATA frames. */
export function framedMessage(key: string): Buffer {
  const length = varint(key.length);
  const message = Buffer.concat([Buffer.from([0x0a, ...length]), Buffer.from(key, 'latin1')]);
  const framed = Buffer.alloc(PREFIX_BYTES + message.length);
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, PREFIX_BYTES);
  return framed;
}

/** A length-prefixed message of exactly `bytes` bytes without its prefix, at least 3 and not 130. */
export function messageOf(bytes: number): Buffer {
  for (let lengthBytes = 1; lengthBytes <= 4; lengthBytes++) {
    const key = bytes - 1 - lengthBytes;
    if (varint(key).length === lengthBytes) return framedMessage('a'.repeat(key));
  }
  throw new Error(`no message has ${bytes} bytes`);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
