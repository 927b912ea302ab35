import { ErrorCode } from './error-code.js';
import { Http2Error } from './http2-error.js';

/** Frames of this type belong to a stream (RFC 9113 §6). @throws Http2Error on stream 0 */
export function requireStream(id: number, name: string): void {
  if (id === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `${name} on stream 0`);
}

/** Frames of this type belong to the connection. @throws Http2Error on a stream */
export function requireConnection(id: number, name: string): void {
  if (id !== 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `${name} on stream ${id}, not 0`);
}

/** @throws Http2Error when a payload of `size` bytes is not of the `wanted` size (RFC 9113 §4.2) */
export function requireSize(size: number, wanted: number, name: string): void {
  if (size !== wanted) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `${name} of ${size} bytes`);
}
