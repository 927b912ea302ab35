/** The 9-octet frame head (RFC 9113 §4.1): length 24, type 8, flags 8, reserved 1 + stream id 31. */
export const FRAME_HEAD_BYTES = 9;

/** Every endpoint must take frames of this payload length (RFC 9113 §4.2); we never announce more. */
export const DEFAULT_MAX_FRAME_BYTES = 16384;

/** The largest stream id and the largest flow-control window (RFC 9113 §5.1.1, §6.9.1). */
export const MAX_INT31 = 0x7fffffff;

/** The window a stream and the connection start with before any SETTINGS (RFC 9113 §6.9.2). */
export const DEFAULT_WINDOW_BYTES = 65535;

/** Frame types (RFC 9113 §6). */
export const FrameType = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const;

/** Frame flags (RFC 9113 §6); which of them a frame type defines is in its section there. */
export const Flag = {
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** What a client sends first (RFC 9113 §3.4). */
export const CLIENT_PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Reads an unsigned 32-bit big-endian number; the caller has checked the bounds. */
export function readUint32(buf: Uint8Array, pos: number): number {
  return ((buf[pos]! << 24) | (buf[pos + 1]! << 16) | (buf[pos + 2]! << 8) | buf[pos + 3]!) >>> 0;
}

/** Writes an unsigned 32-bit big-endian number; the caller has checked the bounds. */
export function writeUint32(buf: Uint8Array, pos: number, value: number): void {
  buf[pos] = value >>> 24;
  buf[pos + 1] = (value >>> 16) & 0xff;
  buf[pos + 2] = (value >>> 8) & 0xff;
  buf[pos + 3] = value & 0xff;
}

/** Writes a frame head at `pos`. */
export function writeHead(buf: Uint8Array, pos: number, length: number, type: number, flags: number, id: number): void {
  buf[pos] = (length >>> 16) & 0xff;
  buf[pos + 1] = (length >>> 8) & 0xff;
  buf[pos + 2] = length & 0xff;
  buf[pos + 3] = type;
  buf[pos + 4] = flags;
  buf[pos + 5] = id >>> 24;
  buf[pos + 6] = (id >>> 16) & 0xff;
  buf[pos + 7] = (id >>> 8) & 0xff;
  buf[pos + 8] = id & 0xff;
}
