import { FrameReader } from '../../src/http2/codec/frame-reader.js';
import { Http2Error } from '../../src/http2/frame/http2-error.js';
import { largeChunks, smallChunks } from '../chunks.js';
import { hold } from '../finding.js';
import type { Target } from '../target.js';
import { RecordedFrames } from './recorded-frames.js';

const LIMITS = { maxHeaderBlockBytes: 65536, maxContinuations: 32 };

/** What is read of these chunks, and the error at the end if there is one. */
function read(chunks: readonly Buffer[]): string[] {
  const frames = new RecordedFrames();
  const reader = new FrameReader(frames, LIMITS, true);
  try {
    for (const chunk of chunks) reader.push(chunk);
  } catch (error) {
    if (!(error instanceof Http2Error)) throw error;
    frames.seen.push(`error ${error.code} ${error.message}`);
  }
  return frames.seen;
}

/** The frame reader: however the bytes are cut, the same frames and the same error. */
export const framesTarget: Target = {
  name: 'frames',
  corpus: 'from-clients',
  framed: true,
  start: () => (input) => {
    const whole = read(largeChunks(input));
    const pieces = read(smallChunks(input));
    hold(
      whole.length === pieces.length && whole.every((each, i) => each === pieces[i]),
      'chunks of another size give other frames',
    );
    const kinds = new Set(
      whole.map((each) => (each.startsWith('error') ? each.replaceAll(/\d+/g, '#') : each.split(' ', 1)[0])),
    );
    return [...kinds].sort().join(' ');
  },
};
