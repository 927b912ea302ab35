import { ErrorCode } from './error-code.js';
import { MAX_INT31, readUint32 } from './head.js';
import { Http2Error } from './http2-error.js';

/** Settings identifiers (RFC 9113 §6.5.2). */
export const Setting = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
} as const;

/** Most entries of one SETTINGS frame: there are ten registered ones, and a change of the window walks over all streams. */
const MAX_SETTINGS_ENTRIES = 64;

/** One settings entry on the wire: identifier 16 bits, value 32 bits. */
export const SETTING_BYTES = 6;

/**
 * Calls `apply` for each entry of a SETTINGS payload, in order (RFC 9113 §6.5.3). The frame reader has checked that the
 * length is a multiple of six.
 * @throws Http2Error when a value is outside its legal range (RFC 9113 §6.5.2)
 */
export function readSettings(
  buf: Uint8Array,
  start: number,
  end: number,
  apply: (id: number, value: number) => void,
): void {
  if (end - start > MAX_SETTINGS_ENTRIES * SETTING_BYTES) {
    throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, `SETTINGS with over ${MAX_SETTINGS_ENTRIES} entries`, 'settings');
  }
  for (let pos = start; pos < end; pos += SETTING_BYTES) {
    const id = (buf[pos]! << 8) | buf[pos + 1]!;
    const value = readUint32(buf, pos + 2);
    if (id === Setting.ENABLE_PUSH && value > 1) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `SETTINGS_ENABLE_PUSH is ${value}, not 0 or 1`);
    }
    if (id === Setting.INITIAL_WINDOW_SIZE && value > MAX_INT31) {
      throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, `SETTINGS_INITIAL_WINDOW_SIZE ${value} is over 2^31-1`);
    }
    if (id === Setting.MAX_FRAME_SIZE && (value < 16384 || value > 16777215)) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `SETTINGS_MAX_FRAME_SIZE ${value} is outside 16384..16777215`);
    }
    apply(id, value);
  }
}
