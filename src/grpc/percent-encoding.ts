/**
 * `grpc-message` on the wire (grpc/doc/PROTOCOL-HTTP2.md, Percent-Encoded): UTF-8 octets, those outside printable ASCII and
 * `%` itself as `%XX`.
 */
export function percentEncode(message: string): string {
  if (PLAIN.test(message)) return message;
  let out = '';
  for (const octet of Buffer.from(message, 'utf8')) {
    if (octet >= 0x20 && octet <= 0x7e && octet !== 0x25) out += String.fromCharCode(octet);
    else out += `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;
