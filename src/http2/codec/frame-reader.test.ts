import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ErrorCode } from '../frame/error-code.js';
import { CLIENT_PREFACE, Flag, FrameType, writeHead } from '../frame/head.js';
import { Http2Error } from '../frame/http2-error.js';
import { type FrameHandler, FrameReader } from './frame-reader.js';

const LIMITS = { maxHeaderBlockBytes: 1000, maxContinuations: 4 };

/** Writes down what it is told. */
class Recorder implements FrameHandler {
  readonly seen: unknown[][] = [];
  onData(id: number, endStream: boolean, buf: Buffer, start: number, end: number, flowBytes: number): void {
    this.seen.push(['DATA', id, endStream, buf.toString('hex', start, end), flowBytes]);
  }
  onHeaderBlock(id: number, endStream: boolean, buf: Buffer, start: number, end: number, dependsOn: number): void {
    this.seen.push(['HEADERS', id, endStream, buf.toString('hex', start, end), dependsOn]);
  }
  onPriority(id: number, dependsOn: number): void {
    this.seen.push(['PRIORITY', id, dependsOn]);
  }
  onStreamFrameSizeError(id: number): void {
    this.seen.push(['SIZE', id]);
  }
  onRstStream(id: number, code: number): void {
    this.seen.push(['RST', id, code]);
  }
  onSettings(ack: boolean, buf: Buffer, start: number, end: number): void {
    this.seen.push(['SETTINGS', ack, buf.toString('hex', start, end)]);
  }
  onPing(ack: boolean, buf: Buffer, start: number): void {
    this.seen.push(['PING', ack, buf.toString('hex', start, start + 8)]);
  }
  onGoaway(lastId: number, code: number, debug: string): void {
    this.seen.push(['GOAWAY', lastId, code, debug]);
  }
  onUnknownFrame(): void {}
  onWindowUpdate(id: number, increment: number): void {
    this.seen.push(['WINDOW', id, increment]);
  }
}

function frame(type: number, flags: number, id: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  writeHead(head, 0, payload.length, type, flags, id);
  return Buffer.concat([head, payload]);
}

const settings = frame(FrameType.SETTINGS, 0, 0, Buffer.alloc(0));

/** A reader that has the preface behind it. */
function reader(recorder: Recorder): FrameReader {
  const made = new FrameReader(recorder, LIMITS, true);
  made.push(Buffer.concat([CLIENT_PREFACE, settings]));
  recorder.seen.length = 0;
  return made;
}

const id = fc.integer({ min: 1, max: 0x7fffffff });
const payload = fc.uint8Array({ maxLength: 60 });
const legalFrame = fc.oneof(
  fc.tuple(id, payload, fc.boolean()).map(([i, p, end]) => frame(FrameType.DATA, end ? Flag.END_STREAM : 0, i, p)),
  fc.tuple(id, payload).map(([i, p]) => frame(FrameType.HEADERS, Flag.END_HEADERS, i, p)),
  fc
    .tuple(id, payload, payload, payload)
    .map(([i, a, b, c]) =>
      Buffer.concat([
        frame(FrameType.HEADERS, Flag.END_STREAM, i, a),
        frame(FrameType.CONTINUATION, 0, i, b),
        frame(FrameType.CONTINUATION, Flag.END_HEADERS, i, c),
      ]),
    ),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((p) => frame(FrameType.PING, 0, 0, p)),
  fc.tuple(id, fc.integer({ min: 0, max: 0x7fffffff })).map(([i, n]) => {
    const p = Buffer.alloc(4);
    p.writeUInt32BE(n);
    return frame(FrameType.WINDOW_UPDATE, 0, i, p);
  }),
  // An unknown type is skipped.
  fc.tuple(id, payload).map(([i, p]) => frame(0x77, 0xff, i, p)),
);

test('however the bytes are cut into chunks, the same frames are read', () => {
  fc.assert(
    fc.property(
      fc.array(legalFrame, { minLength: 1, maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      (frames, cuts) => {
        const whole = Buffer.concat([CLIENT_PREFACE, settings, ...frames]);
        const atOnce = new Recorder();
        new FrameReader(atOnce, LIMITS, true).push(whole);
        const inPieces = new Recorder();
        const cut = new FrameReader(inPieces, LIMITS, true);
        for (let pos = 0; pos < whole.length; ) {
          const next = Math.min(whole.length, pos + cuts.next().value!);
          cut.push(whole.subarray(pos, next));
          pos = next;
        }
        assert.deepEqual(inPieces.seen, atOnce.seen);
      },
    ),
  );
});

test('arbitrary bytes are read or refused with an Http2Error, never anything else', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (chunks) => {
      const made = reader(new Recorder());
      try {
        for (const chunk of chunks) made.push(Buffer.from(chunk));
      } catch (error) {
        assert.ok(error instanceof Http2Error, String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('padding is cut off and counted against the windows', () => {
  const recorder = new Recorder();
  const padded = Buffer.from([2, 0x61, 0x62, 0, 0]);
  reader(recorder).push(frame(FrameType.DATA, Flag.PADDED | Flag.END_STREAM, 1, padded));
  assert.deepEqual(recorder.seen, [['DATA', 1, true, '6162', 5]]);
});

const refusals: [string, number, Buffer][] = [
  [
    'padding longer than the frame',
    ErrorCode.PROTOCOL_ERROR,
    frame(FrameType.DATA, Flag.PADDED, 1, Buffer.from([9, 1])),
  ],
  ['DATA on stream 0', ErrorCode.PROTOCOL_ERROR, frame(FrameType.DATA, 0, 0, Buffer.alloc(1))],
  ['HEADERS on stream 0', ErrorCode.PROTOCOL_ERROR, frame(FrameType.HEADERS, 4, 0, Buffer.alloc(1))],
  ['SETTINGS on a stream', ErrorCode.PROTOCOL_ERROR, frame(FrameType.SETTINGS, 0, 1, Buffer.alloc(0))],
  ['SETTINGS of 5 octets', ErrorCode.FRAME_SIZE_ERROR, frame(FrameType.SETTINGS, 0, 0, Buffer.alloc(5))],
  ['SETTINGS ACK with a payload', ErrorCode.FRAME_SIZE_ERROR, frame(FrameType.SETTINGS, 1, 0, Buffer.alloc(6))],
  ['PING of 7 octets', ErrorCode.FRAME_SIZE_ERROR, frame(FrameType.PING, 0, 0, Buffer.alloc(7))],
  ['PING on a stream', ErrorCode.PROTOCOL_ERROR, frame(FrameType.PING, 0, 3, Buffer.alloc(8))],
  ['RST_STREAM of 3 octets', ErrorCode.FRAME_SIZE_ERROR, frame(FrameType.RST_STREAM, 0, 1, Buffer.alloc(3))],
  ['WINDOW_UPDATE of 5 octets', ErrorCode.FRAME_SIZE_ERROR, frame(FrameType.WINDOW_UPDATE, 0, 1, Buffer.alloc(5))],
  ['GOAWAY of 7 octets', ErrorCode.FRAME_SIZE_ERROR, frame(FrameType.GOAWAY, 0, 0, Buffer.alloc(7))],
  ['PUSH_PROMISE', ErrorCode.PROTOCOL_ERROR, frame(FrameType.PUSH_PROMISE, 4, 1, Buffer.alloc(4))],
  ['CONTINUATION without HEADERS', ErrorCode.PROTOCOL_ERROR, frame(FrameType.CONTINUATION, 4, 1, Buffer.alloc(1))],
  [
    'another frame inside a header block',
    ErrorCode.PROTOCOL_ERROR,
    Buffer.concat([frame(FrameType.HEADERS, 0, 1, Buffer.alloc(1)), frame(FrameType.PING, 0, 0, Buffer.alloc(8))]),
  ],
  [
    'CONTINUATION of another stream',
    ErrorCode.PROTOCOL_ERROR,
    Buffer.concat([
      frame(FrameType.HEADERS, 0, 1, Buffer.alloc(1)),
      frame(FrameType.CONTINUATION, 4, 3, Buffer.alloc(1)),
    ]),
  ],
  [
    'empty CONTINUATIONs without end',
    ErrorCode.ENHANCE_YOUR_CALM,
    Buffer.concat([
      frame(FrameType.HEADERS, 0, 1, Buffer.alloc(1)),
      ...Array.from({ length: 5 }, () => frame(FrameType.CONTINUATION, 0, 1, Buffer.alloc(0))),
    ]),
  ],
  [
    'a header block over the limit',
    ErrorCode.ENHANCE_YOUR_CALM,
    Buffer.concat([
      frame(FrameType.HEADERS, 0, 1, Buffer.alloc(600)),
      frame(FrameType.CONTINUATION, 0, 1, Buffer.alloc(600)),
    ]),
  ],
];

for (const [what, code, bytes] of refusals) {
  test(`refused: ${what}`, () => {
    const made = reader(new Recorder());
    assert.throws(
      () => made.push(bytes),
      (error) => error instanceof Http2Error && error.code === code,
    );
  });
}

test('a frame over 16384 octets is refused by its head alone', () => {
  const head = Buffer.alloc(9);
  writeHead(head, 0, 16385, FrameType.DATA, 0, 1);
  assert.throws(
    () => reader(new Recorder()).push(head),
    (error) => error instanceof Http2Error && error.code === ErrorCode.FRAME_SIZE_ERROR,
  );
});

test('a connection that begins with anything but the preface and SETTINGS is refused', () => {
  assert.throws(
    () => new FrameReader(new Recorder(), LIMITS, true).push(Buffer.from('GET / HTTP/1.1\r\n')),
    Http2Error,
  );
  assert.throws(
    () =>
      new FrameReader(new Recorder(), LIMITS, true).push(
        Buffer.concat([CLIENT_PREFACE, frame(FrameType.PING, 0, 0, Buffer.alloc(8))]),
      ),
    Http2Error,
  );
});

test('a PRIORITY of a wrong size fails its stream only', () => {
  const recorder = new Recorder();
  reader(recorder).push(frame(FrameType.PRIORITY, 0, 5, Buffer.alloc(4)));
  assert.deepEqual(recorder.seen, [['SIZE', 5]]);
});
