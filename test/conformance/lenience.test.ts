import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Flag, frame, headerBlock, Type, uint32 } from '../support/frames.js';
import { goodAnswer, headers, MESSAGE, OK_HEAD, RawBed, resetCode, UNARY } from '../support/raw-bed.js';

/** Two-sided script: the peer sends something unusual but legal, or wrong on one stream only; the connection serves on. */

let bed: RawBed;
before(async () => {
  bed = await RawBed.start();
});
after(() => bed.stop());

const unknownSetting = Buffer.from([0xf0, 0x0f, 0, 0, 0, 1]);

const legal: readonly (readonly [what: string, bytes: (s: number) => Buffer])[] = [
  ['a frame of an unknown type', (s) => frame(0x42, 0xff, s, Buffer.alloc(10))],
  ['an unknown setting', () => frame(Type.SETTINGS, 0, 0, unknownSetting)],
  ['flags that are not defined', () => frame(Type.PING, 0xfe, 0, Buffer.alloc(8))],
  ['the reserved bit of the stream id', (s) => frame(Type.WINDOW_UPDATE, 0, 0x80000000 + s, uint32(1))],
  ['the reserved bit of an increment', () => frame(Type.WINDOW_UPDATE, 0, 0, uint32(0x80000001))],
  ['PRIORITY for an idle stream', () => frame(Type.PRIORITY, 0, 9001, Buffer.alloc(5))],
  ['PRIORITY cycles', (s) => Buffer.concat([priority(s, 9003), priority(9003, s)])],
  ['a PING ACK nobody asked for', () => frame(Type.PING, Flag.ACK, 0, Buffer.alloc(8))],
  ['empty DATA', (s) => frame(Type.DATA, 0, s)],
  ['DATA that is padding only', (s) => frame(Type.DATA, Flag.PADDED, s, Buffer.of(3, 0, 0, 0))],
  ['a PRIORITY_UPDATE frame (RFC 9218)', () => frame(0x10, 0, 0, Buffer.concat([uint32(1), Buffer.from('u=1')]))],
];

function priority(stream: number, dependsOn: number): Buffer {
  return frame(Type.PRIORITY, 0, stream, Buffer.concat([uint32(dependsOn), Buffer.of(16)]));
}

for (const [what, bytes] of legal) {
  test(`from a client, tolerated: ${what}`, async () => {
    const client = await bed.dial();
    client.request(1, UNARY);
    client.send(bytes(1), frame(Type.DATA, Flag.END_STREAM, 1, MESSAGE));
    await client.untilFrame('the answer', ({ type, stream, flags }) => {
      return type === Type.HEADERS && stream === 1 && (flags & Flag.END_STREAM) !== 0;
    });
    await bed.serves(client, 3);
    client.destroy();
  });

  test(`from a backend, tolerated: ${what}`, async () => {
    const peer = await bed.untilServing();
    bed.respond = (to, s) => to.send(headers(s, OK_HEAD), bytes(s), ...goodAnswer(s).slice(1));
    assert.equal((await bed.client.call('Unary', {})).code, 0);
    assert.equal(await bed.untilServing(), peer);
  });
}

const streamFaults: readonly (readonly [what: string, code: number, bytes: (s: number) => Buffer])[] = [
  ['PRIORITY of 4 octets', 6, (s) => frame(Type.PRIORITY, 0, s, Buffer.alloc(4))],
  ['a stream that depends on itself', 1, (s) => priority(s, s)],
  ['WINDOW_UPDATE of 0 on a stream', 1, (s) => frame(Type.WINDOW_UPDATE, 0, s, uint32(0))],
  ['a stream window over 2^31-1', 3, (s) => frame(Type.WINDOW_UPDATE, 0, s, uint32(2 ** 31 - 1))],
];

for (const [what, code, bytes] of streamFaults) {
  test(`from a client, an error of the stream: ${what}`, async () => {
    const client = await bed.dial();
    client.request(1, UNARY);
    client.send(bytes(1));
    assert.equal(await resetCode(client, 1), code);
    await bed.serves(client, 3);
    client.destroy();
  });

  test(`from a backend, an error of the stream: ${what}`, async () => {
    const peer = await bed.untilServing();
    let stream = 0;
    bed.respond = (to, s) => {
      stream = s;
      to.send(headers(s, OK_HEAD), bytes(s));
    };
    assert.equal((await bed.client.call('Unary', {})).code, 13);
    assert.equal(await resetCode(peer, stream), code);
    assert.equal(await bed.untilServing(), peer);
  });
}

test('a PING is answered with its own payload and ACK', async () => {
  const client = await bed.dial();
  const payload = Buffer.from('8 octets');
  client.send(frame(Type.PING, 0, 0, payload));
  const ack = await client.untilFrame('PING ACK', ({ type }) => type === Type.PING);
  assert.equal(ack.flags, Flag.ACK);
  assert.deepEqual(ack.payload, payload);
  client.destroy();
});

test('RST_STREAM is not answered with RST_STREAM', async () => {
  const client = await bed.dial();
  client.request(1, UNARY);
  client.reset(1, 0xdead);
  await bed.serves(client, 3);
  assert.ok(!client.frames.some(({ type, stream }) => type === Type.RST_STREAM && stream === 1));
  client.destroy();
});

test('a header block may come in pieces, empty ones included, and padded', async () => {
  const client = await bed.dial();
  const block = headerBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', UNARY],
    [':authority', 'a'],
    ['content-type', 'application/grpc'],
  ]);
  const padded = Buffer.concat([Buffer.of(4), block.subarray(0, 7), Buffer.alloc(4)]);
  client.send(
    frame(Type.HEADERS, Flag.PADDED, 1, padded),
    frame(Type.CONTINUATION, 0, 1),
    frame(Type.CONTINUATION, 0, 1, block.subarray(7, 30)),
    frame(Type.CONTINUATION, Flag.END_HEADERS, 1, block.subarray(30)),
    frame(Type.DATA, Flag.END_STREAM, 1, MESSAGE),
  );
  await client.untilFrame('the answer', ({ type, flags }) => type === Type.HEADERS && (flags & Flag.END_STREAM) !== 0);
  client.destroy();
});

test('more streams than announced are refused with REFUSED_STREAM, and the others go on', async () => {
  const client = await bed.dial();
  for (let i = 0; i <= 1024; i++) client.request(2 * i + 1, UNARY);
  assert.equal(await resetCode(client, 2049), 7);
  client.send(frame(Type.DATA, Flag.END_STREAM, 1, MESSAGE));
  await client.untilFrame('the first is answered', ({ type, stream, flags }) => {
    return type === Type.HEADERS && stream === 1 && (flags & Flag.END_STREAM) !== 0;
  });
  client.destroy();
});

test('a client that sends more than its window is cut off with FLOW_CONTROL_ERROR on that stream', async () => {
  const peer = await bed.untilServing();
  // Nothing is taken, so no window is given back.
  bed.respond = () => {};
  const client = await bed.dial();
  client.request(1, UNARY);
  const piece = frame(Type.DATA, 0, 1, Buffer.alloc(16_384));
  for (let i = 0; i < 20; i++) client.send(piece);
  const code = await resetCode(client, 1);
  assert.equal(code, 3);
  assert.equal(peer.closed, false);
  client.destroy();
});
