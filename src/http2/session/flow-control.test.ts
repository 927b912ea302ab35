import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemorySocket, settled } from '../../../fuzz/targets/memory-socket.js';
import { sessionContext, sessionOptions } from '../../../fuzz/targets/session-setup.js';
import { Flag, frame, headerBlock, PREFACE, splitFrames, Type, uint32 } from '../../../test/support/frames.js';
import { HeaderList } from '../hpack/header-list.js';
import type { Stream, StreamHandler } from '../stream/stream.js';
import type { SessionOptions } from './options.js';
import { ServerSession, type ServerSessionOwner } from './server-session.js';

const STREAMS = 3;
const FIRST_WINDOW = 65535;
const MAX_WINDOW = 0x7fffffff;
const block = headerBlock([
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/a.B/C'],
  [':authority', 'localhost'],
]);

/** What a peer and an owner do to a session that sends. Streams by their place, 0 to STREAMS - 1. */
type SendStep =
  | { readonly kind: 'send'; readonly stream: number; readonly bytes: number; readonly end: boolean }
  | { readonly kind: 'reset'; readonly stream: number }
  | { readonly kind: 'initialWindow'; readonly bytes: number }
  | { readonly kind: 'streamWindow'; readonly stream: number; readonly bytes: number }
  | { readonly kind: 'connectionWindow'; readonly bytes: number }
  | { readonly kind: 'read' };

const place = fc.nat({ max: STREAMS - 1 });
const size = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 50_000 }));
const sendStep: fc.Arbitrary<SendStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      stream: place,
      bytes: size,
      end: fc.nat({ max: 5 }).map((n) => n === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), stream: place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('initialWindow' as const),
      bytes: fc.oneof(fc.constantFrom(0, 1, FIRST_WINDOW), fc.nat({ max: 100_000 })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('streamWindow' as const),
      stream: place,
      bytes: fc.integer({ min: 1, max: 60_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('connectionWindow' as const),
      bytes: fc.integer({ min: 1, max: 99_999 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const) }) },
);

/** A stream that waits for the connection's window, and one whose window is negative and whose end needs none (RFC 9113 §6.9.1). */
const endBehindWindow: SendStep[] = [
  { kind: 'send', stream: 1, bytes: 10, end: false },
  { kind: 'streamWindow', stream: 0, bytes: 60_000 },
  { kind: 'send', stream: 0, bytes: 70_000, end: false },
  { kind: 'initialWindow', bytes: 0 },
  { kind: 'send', stream: 1, bytes: 0, end: true },
];

class Owner implements ServerSessionOwner {
  readonly streams: Stream[] = [];
  readonly sent: number[] = [];
  readonly resets: number[] = [];
  closed: string | null = null;
  onReady(): void {}
  onGoaway(): void {}
  onLimit(): void {}
  onOversizedHeaders(): void {}
  onClose(reason: string): void {
    this.closed = reason;
  }
  onStream(stream: Stream, _list: HeaderList): void {
    const index = this.streams.push(stream) - 1;
    this.sent.push(0);
    const handler: StreamHandler = {
      onHeaders() {},
      onData() {},
      onTrailers() {},
      onReset: (code) => {
        this.resets[index] = code;
      },
      onSent: (bytes) => {
        this.sent[index]! += bytes;
      },
    };
    stream.handler = handler;
  }
}

/** The windows as RFC 9113 §6.9 has them, and what is to be sent. */
class Model {
  connection = FIRST_WINDOW;
  initial = FIRST_WINDOW;
  readonly windows: number[] = new Array(STREAMS).fill(FIRST_WINDOW);
  readonly given: Buffer[][] = Array.from({ length: STREAMS }, () => []);
  readonly got: Buffer[][] = Array.from({ length: STREAMS }, () => []);
  readonly ended: boolean[] = new Array(STREAMS).fill(false);
  readonly sawEnd: boolean[] = new Array(STREAMS).fill(false);
  readonly reset: boolean[] = new Array(STREAMS).fill(false);

  waiting(i: number): number {
    return bytesOf(this.given[i]!) - bytesOf(this.got[i]!);
  }
}

function bytesOf(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0);
}

const id = (place: number): number => place * 2 + 1;

function open(
  slow: boolean,
  options: Partial<SessionOptions> = {},
): { socket: MemorySocket; owner: Owner; session: ServerSession } {
  const socket = new MemorySocket(slow);
  const owner = new Owner();
  const session = new ServerSession(socket, sessionContext(), { ...sessionOptions(), ...options }, owner);
  socket.deliver(Buffer.concat([PREFACE, frame(Type.SETTINGS, 0, 0)]));
  for (let i = 0; i < STREAMS; i++) socket.deliver(frame(Type.HEADERS, Flag.END_HEADERS, id(i), block));
  return { socket, owner, session };
}

async function close(socket: MemorySocket): Promise<void> {
  socket.destroy();
  await settled();
}

/** Takes over what came out since: never more than the windows have. */
function receive(model: Model, output: Buffer, seen: number): number {
  const { frames, rest } = splitFrames(output.subarray(seen));
  for (const { type, flags, stream, payload } of frames) {
    if (type !== Type.DATA) continue;
    const i = (stream - 1) / 2;
    assert.ok(!model.sawEnd[i], 'DATA after END_STREAM');
    model.connection -= payload.length;
    model.windows[i]! -= payload.length;
    assert.ok(
      payload.length === 0 || (model.connection >= 0 && model.windows[i]! >= 0),
      'more was sent than a window has',
    );
    model.got[i]!.push(payload);
    if ((flags & Flag.END_STREAM) !== 0) model.sawEnd[i] = true;
  }
  return output.length - rest.length;
}

function apply(step: SendStep, model: Model, owner: Owner, socket: MemorySocket, pattern: { next: number }): void {
  switch (step.kind) {
    case 'send': {
      const body = Buffer.alloc(step.bytes);
      for (let i = 0; i < body.length; i++) body[i] = pattern.next++ & 255;
      if (!model.ended[step.stream] && !model.reset[step.stream]) {
        model.given[step.stream]!.push(body);
        model.ended[step.stream] = step.end;
      }
      owner.streams[step.stream]!.sendData(body, 0, body.length, step.end);
      break;
    }
    case 'reset':
      model.reset[step.stream] = true;
      owner.streams[step.stream]!.reset(8);
      break;
    case 'initialWindow':
      for (let i = 0; i < STREAMS; i++) model.windows[i]! += step.bytes - model.initial;
      model.initial = step.bytes;
      socket.deliver(frame(Type.SETTINGS, 0, 0, Buffer.concat([Buffer.of(0, 4), uint32(step.bytes)])));
      break;
    case 'streamWindow':
      model.windows[step.stream]! += step.bytes;
      socket.deliver(frame(Type.WINDOW_UPDATE, 0, id(step.stream), uint32(step.bytes)));
      break;
    case 'connectionWindow':
      model.connection += step.bytes;
      socket.deliver(frame(Type.WINDOW_UPDATE, 0, 0, uint32(step.bytes)));
      break;
    case 'read':
      socket.release();
  }
}

/** Everything that the windows allow has been sent, in order and once, and the owner knows. */
function checkNothingStuck(model: Model, owner: Owner): void {
  for (let i = 0; i < STREAMS; i++) {
    if (model.reset[i]) continue;
    const given = Buffer.concat(model.given[i]!);
    const got = Buffer.concat(model.got[i]!);
    assert.ok(got.equals(given.subarray(0, got.length)), 'other bytes came out than went in');
    assert.equal(owner.sent[i], got.length, 'onSent does not add up to what was framed');
    const waiting = model.waiting(i);
    assert.equal(owner.streams[i]!.queuedBytes, waiting);
    if (waiting > 0) assert.ok(Math.min(model.connection, model.windows[i]!) <= 0, `${waiting} bytes are stuck`);
    else assert.equal(model.sawEnd[i], model.ended[i], 'END_STREAM is stuck');
  }
}

for (const slow of [false, true]) {
  test(`whatever windows a peer ${slow ? 'that reads slowly ' : ''}gives and takes: never more than they allow, and all that they allow`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sendStep, { maxLength: 40 }), async (all) => {
        // What waits in a slow socket was sent under the windows of its time, which the model knows no more.
        const steps = all.filter(({ kind }) => !slow || kind !== 'initialWindow');
        const { socket, owner } = open(slow);
        const model = new Model();
        const pattern = { next: 0 };
        let seen = 0;
        for (const step of steps) {
          apply(step, model, owner, socket, pattern);
          await settled();
          // What was on its way when a window shrank was within it: frames are taken before the next change.
          seen = receive(model, socket.output, seen);
          if (!slow) checkNothingStuck(model, owner);
        }
        for (let i = 0; i < 400 && slow; i++) {
          socket.release();
          await settled();
        }
        receive(model, socket.output, seen);
        checkNothingStuck(model, owner);
        assert.equal(owner.closed, null);
        await close(socket);
      }),
      { numRuns: slow ? 30 : 300, examples: slow ? [] : [[endBehindWindow]] },
    );
  });
}

test('the window of a stream is known to the octet: what fills it is taken, one more is a stream error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ bytes: fc.nat({ max: 16_000 }), padding: fc.nat({ max: 255 }), consume: fc.nat({ max: 20_000 }) }),
        {
          maxLength: 30,
        },
      ),
      async (frames) => {
        const { socket, owner } = open(false);
        const stream = owner.streams[0]!;
        let taken = 0;
        let window = FIRST_WINDOW;
        let seen = 0;
        const updates = (): void => {
          const output = socket.output;
          for (const one of splitFrames(output.subarray(seen)).frames) {
            if (one.type === Type.WINDOW_UPDATE && one.stream === id(0)) window += one.payload.readUInt32BE(0);
          }
          seen = output.length;
        };
        for (const { bytes, padding, consume } of frames) {
          const payload = Buffer.concat([Buffer.of(padding), Buffer.alloc(bytes + padding)]);
          socket.deliver(frame(Type.DATA, Flag.PADDED, id(0), payload));
          window -= payload.length;
          if (window < 0) {
            assert.equal(owner.resets[0], 3, 'the window was exceeded and nobody said so');
            break;
          }
          assert.equal(owner.resets[0], undefined, 'the stream was reset within its window');
          taken += bytes;
          const back = Math.min(taken, consume);
          taken -= back;
          stream.consume(back);
          await settled();
          updates();
          assert.ok(window <= FIRST_WINDOW, 'more was given back than came');
        }
        if (owner.resets[0] === undefined) {
          stream.consume(taken);
          await settled();
          updates();
          assert.ok(window > FIRST_WINDOW / 2, 'credit is held back by which the peer could be stuck');
        }
        await close(socket);
      },
    ),
    { numRuns: 200 },
  );
});

test('no empty DATA frame is sent but one that ends its stream, and no DATA after trailers', async () => {
  const { socket, owner } = open(false);
  const [first, second] = owner.streams;
  first!.sendData(Buffer.alloc(0), 0, 0, false);
  first!.sendData(Buffer.alloc(0), 0, 0, true);
  // More than the windows have, so that the trailers wait.
  second!.sendData(Buffer.alloc(70_000), 0, 70_000, false);
  second!.sendTrailers(new HeaderList([]));
  second!.sendData(Buffer.alloc(9), 0, 9, false);
  assert.equal(second!.queuedBytes, 70_000 - FIRST_WINDOW);
  await settled();
  const data = splitFrames(socket.output).frames.filter(({ type, stream }) => type === Type.DATA && stream === id(0));
  assert.deepEqual(
    data.map(({ flags }) => flags),
    [Flag.END_STREAM],
  );
  await close(socket);
});

for (const [what, limits] of [
  ['allowed to wait at all', { socketHighWater: 262_144, maxOutputBytes: 262_144 }],
  ['held by the socket before it asks to wait', { socketHighWater: 1024, maxOutputBytes: 1024 }],
] as const) {
  test(`a peer that reads slowly gets all of a body longer than what is ${what}`, async () => {
    const { socket, owner } = open(true, limits);
    socket.deliver(frame(Type.WINDOW_UPDATE, 0, 0, uint32(1 << 20)));
    socket.deliver(frame(Type.WINDOW_UPDATE, 0, id(0), uint32(1 << 20)));
    const [stream] = owner.streams;
    // In pieces that no frame and no scratch buffer is a multiple of.
    for (let i = 0; i < 100; i++) stream!.sendData(Buffer.alloc(10_000), 0, 10_000, i === 99);
    for (let i = 0; i < 400; i++) {
      await settled();
      socket.release();
    }
    assert.equal(owner.closed, null);
    assert.equal(owner.sent[0], 1_000_000);
    await close(socket);
  });
}

test('a window over 2^31-1 is an error of its stream, or of the connection', async () => {
  const over = MAX_WINDOW - FIRST_WINDOW + 1;
  for (const [stream, closes] of [
    [id(1), false],
    [0, true],
  ] as const) {
    const { socket, owner } = open(false);
    socket.deliver(frame(Type.WINDOW_UPDATE, 0, stream, uint32(over - 1)));
    assert.equal(owner.closed, null);
    socket.deliver(frame(Type.WINDOW_UPDATE, 0, stream, uint32(1)));
    assert.equal(owner.closed !== null, closes);
    if (!closes) assert.equal(owner.resets[1], 3);
    await close(socket);
  }
});
