import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { Flag, frame, Type, uint32 } from '../support/frames.js';
import { goodAnswer, MESSAGE, RawBed, resetCode, UNARY } from '../support/raw-bed.js';

/** Two-sided scripts about how a connection begins and ends. */

let bed: RawBed;
before(async () => {
  bed = await RawBed.start();
});
after(() => bed.stop());

const goaway = (last: number, code = 0): Buffer =>
  frame(Type.GOAWAY, 0, 0, Buffer.concat([uint32(last), uint32(code)]));

test('a listener’s first frame is SETTINGS, and it acknowledges the client’s', async () => {
  const client = await bed.dial();
  await client.untilFrame('SETTINGS ACK', ({ type, flags }) => type === Type.SETTINGS && flags === Flag.ACK);
  assert.equal(client.frames[0]!.type, Type.SETTINGS);
  assert.equal(client.frames[0]!.flags, 0);
  client.send(frame(Type.SETTINGS, 0, 0));
  await eventually('the second ACK', () => {
    return client.frames.filter(({ type, flags }) => type === Type.SETTINGS && flags === Flag.ACK).length === 2;
  });
  client.destroy();
});

test('an answer before the request has ended is followed by RST_STREAM with NO_ERROR', async () => {
  const client = await bed.dial();
  client.request(1, '/no.such.Service/Method');
  assert.equal(await resetCode(client, 1), 0);
  const ends = client.frames.find(({ type, stream }) => type === Type.HEADERS && stream === 1);
  assert.notEqual(ends!.flags & Flag.END_STREAM, 0);
  await bed.serves(client, 3);
  client.destroy();
});

test('a client that says GOAWAY still gets its answers', async () => {
  const client = await bed.dial();
  client.request(1, UNARY);
  client.send(goaway(0), frame(Type.DATA, Flag.END_STREAM, 1, MESSAGE));
  await client.untilFrame('the answer', ({ type, flags }) => type === Type.HEADERS && (flags & Flag.END_STREAM) !== 0);
  client.destroy();
});

test('a backend that says GOAWAY gets no new stream there, and its open streams are answered', async () => {
  const old = await bed.untilServing();
  let waiting = 0;
  bed.respond = (_, stream) => {
    waiting = stream;
  };
  const pending = bed.client.call('Unary', {});
  await eventually('the call is there', () => waiting > 0);
  old.send(goaway(waiting));
  await eventually('a new connection', () => bed.backend.peers.at(-1) !== old);
  const count = old.frames.filter(({ type }) => type === Type.HEADERS).length;
  await bed.untilServing();
  assert.equal(old.frames.filter(({ type }) => type === Type.HEADERS).length, count);
  old.send(...goodAnswer(waiting));
  assert.equal((await pending).code, 0);
  await eventually('the old connection is closed', () => old.closed);
});

test('a daemon that stops says GOAWAY twice: first that it takes all, a round trip later what it took', async () => {
  const other = await RawBed.start();
  const client = await other.dial();
  other.respond = () => {};
  client.request(1, UNARY);
  client.send(frame(Type.DATA, Flag.END_STREAM, 1, MESSAGE));
  const peer = other.backend.peers[0]!;
  await eventually('the backend has the call', () => peer.frames.some(({ type }) => type === Type.DATA));
  other.daemon.signal('SIGTERM');
  const goaways = await eventually('two GOAWAYs', () => {
    const all = client.frames.filter(({ type }) => type === Type.GOAWAY);
    return all.length === 2 && all;
  });
  assert.deepEqual(
    goaways.map(({ payload }) => [payload.readUInt32BE(0), payload.readUInt32BE(4)]),
    [
      [2 ** 31 - 1, 0],
      [1, 0],
    ],
  );
  const { stream } = peer.frames.find(({ type }) => type === Type.DATA)!;
  peer.send(...goodAnswer(stream));
  await client.untilFrame('the answer', ({ type, flags }) => type === Type.HEADERS && (flags & Flag.END_STREAM) !== 0);
  await eventually('the connection is closed', () => client.closed);
  await other.stop();
});
