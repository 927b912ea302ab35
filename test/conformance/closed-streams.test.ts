import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { Flag, frame, grpcMessage, headerBlock, Type, uint32 } from '../support/frames.js';
import { END, goawayCode, goodAnswer, RawBed, UNARY } from '../support/raw-bed.js';

const CALLS = 300;

let bed: RawBed;
before(async () => {
  bed = await RawBed.start();
});
after(() => bed.stop());

test('a client that gives up hundreds of calls costs no backend its connection, though answers were on their way', async () => {
  const peer = bed.backend.peers[0]!;
  const client = await bed.dial();
  const ids = Array.from({ length: CALLS }, (_, i) => 2 * i + 1);
  for (const id of ids) client.request(id, UNARY);
  for (const id of ids) client.reset(id, 8);
  const resets = () => peer.frames.filter(({ type }) => type === Type.RST_STREAM).map(({ stream }) => stream);
  await eventually('the backend sees the resets', () => resets().length === CALLS);
  for (const id of resets()) peer.send(...goodAnswer(id), frame(Type.WINDOW_UPDATE, 0, id, uint32(1)));
  assert.equal((await bed.client.call('Unary', { key: 'k' })).code, 0);
  assert.equal(bed.backend.peers.length, 1);
  assert.equal(peer.closed, false);
  client.destroy();
});

test('what a client still sends on a stream that we reset is ignored', async () => {
  const client = await bed.dial();
  client.request(1, UNARY, [['te', 'gzip']]);
  await client.untilFrame(
    'the malformed request is reset',
    ({ type, stream }) => type === Type.RST_STREAM && stream === 1,
  );
  client.send(
    frame(Type.DATA, 0, 1, grpcMessage(Buffer.alloc(10))),
    frame(Type.WINDOW_UPDATE, 0, 1, uint32(10)),
    frame(Type.HEADERS, END, 1, headerBlock([['x-a', 'b']])),
    frame(Type.RST_STREAM, 0, 1, uint32(8)),
  );
  client.request(3, UNARY);
  client.send(frame(Type.DATA, Flag.END_STREAM, 3, grpcMessage(Buffer.alloc(0))));
  await client.untilFrame('the next call is answered', ({ type, flags, stream }) => {
    return type === Type.HEADERS && stream === 3 && (flags & Flag.END_STREAM) !== 0;
  });
  assert.equal(
    client.frames.some(({ type }) => type === Type.GOAWAY),
    false,
  );
  client.destroy();
});

for (const [what, more] of [
  ['DATA', frame(Type.DATA, 0, 1, Buffer.alloc(1))],
  ['HEADERS', frame(Type.HEADERS, END, 1, headerBlock([['x-a', 'b']]))],
] as const) {
  for (const [how, end] of [
    ['END_STREAM', frame(Type.DATA, Flag.END_STREAM, 1, grpcMessage(Buffer.alloc(0)))],
    ['RST_STREAM', frame(Type.RST_STREAM, 0, 1, uint32(8))],
  ] as const) {
    test(`${what} after the client ended the stream by ${how} is STREAM_CLOSED`, async () => {
      const client = await bed.dial();
      client.request(1, UNARY);
      client.send(end, more);
      const { payload, type } = await client.untilFrame('STREAM_CLOSED', ({ type, payload }) => {
        if (type === Type.RST_STREAM) return payload.readUInt32BE(0) === 5;
        return type === Type.GOAWAY && payload.readUInt32BE(4) === 5;
      });
      assert.ok(type === Type.GOAWAY || payload.length === 4);
      client.destroy();
    });
  }
}

test('a stream opened with an id below an earlier one ends the connection with PROTOCOL_ERROR', async () => {
  const client = await bed.dial();
  client.request(5, UNARY);
  client.request(3, UNARY);
  assert.equal(await goawayCode(client), 1);
  client.destroy();
});
