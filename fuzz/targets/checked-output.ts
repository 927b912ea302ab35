import { Flag, PREFACE, splitFrames, Type } from '../../test/support/frames.js';
import { hold } from '../finding.js';

const MAX_FRAME_BYTES = 16384;
const GOAWAY_MAX_BYTES = 8 + 256;

/** Checks what a session has sent, whatever it was sent: whole legal frames, and none on a stream that it has ended. */
export function checkOutput(output: Buffer, clientPreface: boolean): void {
  if (clientPreface) hold(output.subarray(0, PREFACE.length).equals(PREFACE), 'no client preface');
  const { frames, rest } = splitFrames(clientPreface ? output.subarray(PREFACE.length) : output);
  hold(rest.length === 0, 'the output ends within a frame');
  const ended = new Set<number>();
  const reset = new Set<number>();
  let block = 0;
  for (const [i, { type, flags, stream, payload }] of frames.entries()) {
    hold(i > 0 || type === Type.SETTINGS, 'the first frame is not SETTINGS');
    hold(payload.length <= MAX_FRAME_BYTES, 'a frame over 16384 bytes was sent');
    hold(block === 0 || (type === Type.CONTINUATION && stream === block), 'a frame within a header block was sent');
    hold(type !== Type.CONTINUATION || block !== 0, 'CONTINUATION without HEADERS was sent');
    const ofConnection = type === Type.SETTINGS || type === Type.PING || type === Type.GOAWAY;
    hold(
      ofConnection ? stream === 0 : stream !== 0 || type === Type.WINDOW_UPDATE,
      'a frame on a wrong stream was sent',
    );
    hold(type !== Type.GOAWAY || payload.length <= GOAWAY_MAX_BYTES, 'a long GOAWAY was sent');
    hold(
      type !== Type.WINDOW_UPDATE || (payload.readUInt32BE(0) > 0 && payload.readUInt32BE(0) < 2 ** 31),
      'bad WINDOW_UPDATE',
    );
    if (stream !== 0) hold(!reset.has(stream), 'a frame was sent on a stream that we have reset');
    if (type === Type.RST_STREAM) reset.add(stream);
    if (type === Type.HEADERS || type === Type.DATA) {
      hold(!ended.has(stream), 'a frame was sent on a stream that we have ended');
      if ((flags & Flag.END_STREAM) !== 0) ended.add(stream);
    }
    if (type === Type.HEADERS || type === Type.CONTINUATION) block = (flags & Flag.END_HEADERS) === 0 ? stream : 0;
  }
}
