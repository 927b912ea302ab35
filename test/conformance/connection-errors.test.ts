import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { Flag, frame, headerBlock, PREFACE, Type, uint32 } from '../support/frames.js';
import { goawayCode, headers, MESSAGE, OK_HEAD, RawBed, UNARY } from '../support/raw-bed.js';
import { RawPeer } from '../support/raw-peer.js';

/**
 * Two-sided script: one stream is open, the peer sends one illegal thing, and gets GOAWAY with this error and the end of the
 * connection. A client's fault is played against a listener, a backend's against our southbound connection.
 */

let bed: RawBed;
before(async () => {
  bed = await RawBed.start();
});
after(() => bed.stop());

const PROTOCOL = 1;
const FLOW_CONTROL = 3;
const FRAME_SIZE = 6;
const COMPRESSION = 9;

function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

const block = headerBlock(OK_HEAD);
const huge = frame(Type.DATA, 0, 1, Buffer.alloc(16_385));
/** A literal field with a Huffman-coded value of these octets. */
const huffman = (...octets: number[]): Buffer => Buffer.from([0x00, 1, 0x61, 0x80 | octets.length, ...octets]);

/** `s` is the stream that is open. */
const faults: readonly (readonly [what: string, code: number, bytes: (s: number) => Buffer])[] = [
  ['a frame over SETTINGS_MAX_FRAME_SIZE', FRAME_SIZE, () => huge],
  ['DATA on stream 0', PROTOCOL, () => frame(Type.DATA, 0, 0, MESSAGE)],
  ['DATA on an idle stream', PROTOCOL, () => frame(Type.DATA, 0, 9001, MESSAGE)],
  ['DATA padded beyond its end', PROTOCOL, (s) => frame(Type.DATA, Flag.PADDED, s, Buffer.of(2, 0))],
  ['padded DATA without a pad length', FRAME_SIZE, (s) => frame(Type.DATA, Flag.PADDED, s)],
  ['HEADERS on stream 0', PROTOCOL, () => frame(Type.HEADERS, Flag.END_HEADERS, 0, block)],
  ['HEADERS padded beyond their end', PROTOCOL, (s) => frame(Type.HEADERS, Flag.PADDED | 4, s, Buffer.of(9, 0))],
  ['HEADERS too short for their priority', FRAME_SIZE, (s) => frame(Type.HEADERS, Flag.PRIORITY | 4, s, uint32(0))],
  ['HEADERS that open an even stream', PROTOCOL, () => headers(9002, OK_HEAD)],
  ['PRIORITY on stream 0', PROTOCOL, () => frame(Type.PRIORITY, 0, 0, Buffer.alloc(5))],
  ['RST_STREAM on stream 0', PROTOCOL, () => frame(Type.RST_STREAM, 0, 0, uint32(8))],
  ['RST_STREAM on an idle stream', PROTOCOL, () => frame(Type.RST_STREAM, 0, 9001, uint32(8))],
  ['RST_STREAM of 3 octets', FRAME_SIZE, (s) => frame(Type.RST_STREAM, 0, s, Buffer.alloc(3))],
  ['SETTINGS on a stream', PROTOCOL, (s) => frame(Type.SETTINGS, 0, s)],
  ['SETTINGS of 5 octets', FRAME_SIZE, () => frame(Type.SETTINGS, 0, 0, Buffer.alloc(5))],
  ['a SETTINGS ACK with a payload', FRAME_SIZE, () => frame(Type.SETTINGS, Flag.ACK, 0, setting(3, 1))],
  ['SETTINGS_ENABLE_PUSH 2', PROTOCOL, () => frame(Type.SETTINGS, 0, 0, setting(2, 2))],
  ['SETTINGS_INITIAL_WINDOW_SIZE 2^31', FLOW_CONTROL, () => frame(Type.SETTINGS, 0, 0, setting(4, 2 ** 31))],
  ['SETTINGS_MAX_FRAME_SIZE 16383', PROTOCOL, () => frame(Type.SETTINGS, 0, 0, setting(5, 16_383))],
  ['SETTINGS_MAX_FRAME_SIZE 2^24', PROTOCOL, () => frame(Type.SETTINGS, 0, 0, setting(5, 2 ** 24))],
  ['PUSH_PROMISE', PROTOCOL, (s) => frame(Type.PUSH_PROMISE, 4, s, Buffer.concat([uint32(2), block]))],
  ['PING of 7 octets', FRAME_SIZE, () => frame(Type.PING, 0, 0, Buffer.alloc(7))],
  ['PING on a stream', PROTOCOL, (s) => frame(Type.PING, 0, s, Buffer.alloc(8))],
  ['GOAWAY on a stream', PROTOCOL, (s) => frame(Type.GOAWAY, 0, s, Buffer.alloc(8))],
  ['GOAWAY of 7 octets', FRAME_SIZE, () => frame(Type.GOAWAY, 0, 0, Buffer.alloc(7))],
  ['WINDOW_UPDATE of 3 octets', FRAME_SIZE, () => frame(Type.WINDOW_UPDATE, 0, 0, Buffer.alloc(3))],
  ['WINDOW_UPDATE of 0 for the connection', PROTOCOL, () => frame(Type.WINDOW_UPDATE, 0, 0, uint32(0))],
  ['WINDOW_UPDATE on an idle stream', PROTOCOL, () => frame(Type.WINDOW_UPDATE, 0, 9001, uint32(1))],
  ['a connection window over 2^31-1', FLOW_CONTROL, () => frame(Type.WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1))],
  ['CONTINUATION without HEADERS', PROTOCOL, (s) => frame(Type.CONTINUATION, 4, s, block)],
  [
    'another frame within a header block',
    PROTOCOL,
    (s) => Buffer.concat([frame(Type.HEADERS, 0, s, block), frame(Type.PING, 0, 0, Buffer.alloc(8))]),
  ],
  [
    'a frame of an unknown type within a header block',
    PROTOCOL,
    (s) => Buffer.concat([frame(Type.HEADERS, 0, s, block), frame(0x16, 0, 0)]),
  ],
  [
    'CONTINUATION of another stream',
    PROTOCOL,
    (s) => Buffer.concat([frame(Type.HEADERS, 0, s, block), frame(Type.CONTINUATION, 4, s + 2, block)]),
  ],
  ['HPACK: index 0', COMPRESSION, (s) => frame(Type.HEADERS, 4, s, Buffer.of(0x80))],
  ['HPACK: an index that is not in the table', COMPRESSION, (s) => frame(Type.HEADERS, 4, s, Buffer.of(0xff, 0x7f))],
  [
    'HPACK: a name index that is not in the table',
    COMPRESSION,
    (s) => frame(Type.HEADERS, 4, s, Buffer.of(0x7f, 0x7f, 1, 0x61)),
  ],
  [
    'HPACK: a table size update over the limit',
    COMPRESSION,
    (s) => frame(Type.HEADERS, 4, s, Buffer.of(0x3f, 0xe2, 0x1f)),
  ],
  ['HPACK: a table size update after a field', COMPRESSION, (s) => frame(Type.HEADERS, 4, s, Buffer.of(0x88, 0x20))],
  ['HPACK: EOS in a Huffman-coded string', COMPRESSION, (s) => frame(Type.HEADERS, 4, s, huffman(255, 255, 255, 255))],
  ['HPACK: Huffman padding of 8 bits', COMPRESSION, (s) => frame(Type.HEADERS, 4, s, huffman(0x1f, 0xff))],
  ['HPACK: Huffman padding that is not ones', COMPRESSION, (s) => frame(Type.HEADERS, 4, s, huffman(0x18))],
  ['HPACK: an integer without end', COMPRESSION, (s) => frame(Type.HEADERS, 4, s, Buffer.alloc(12, 0xff))],
  ['HPACK: a string beyond its block', COMPRESSION, (s) => frame(Type.HEADERS, 4, s, Buffer.of(0, 5, 0x61))],
  ['HPACK: a block that ends within a field', COMPRESSION, (s) => frame(Type.HEADERS, 4, s, Buffer.of(0, 1, 0x61))],
];

for (const [what, code, bytes] of faults) {
  test(`from a client: ${what}`, async () => {
    const client = await bed.dial();
    client.request(1, UNARY);
    client.send(bytes(1));
    assert.equal(await goawayCode(client), code);
    await eventually('the connection is closed', () => client.closed);
  });

  test(`from a backend: ${what}`, async () => {
    const peer = await bed.untilServing();
    bed.respond = (to, stream) => to.send(bytes(stream));
    const outcome = await bed.client.call('Unary', {});
    assert.ok([13, 14].includes(outcome.code), `status ${outcome.code}: ${outcome.details}`);
    assert.equal(await goawayCode(peer), code);
    await eventually('the connection is closed', () => peer.closed);
  });
}

test('from a backend: SETTINGS_ENABLE_PUSH 1', async () => {
  const peer = await bed.untilServing();
  peer.send(frame(Type.SETTINGS, 0, 0, setting(2, 1)));
  assert.equal(await goawayCode(peer), PROTOCOL);
});

test('from a client: a preface that is not HTTP/2', async () => {
  const client = dialBare('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  assert.equal(await goawayCode(client), PROTOCOL);
  await eventually('the connection is closed', () => client.closed);
});

for (const [what, first] of [
  ['PING', frame(Type.PING, 0, 0, Buffer.alloc(8))],
  ['a SETTINGS ACK', frame(Type.SETTINGS, Flag.ACK, 0)],
] as const) {
  test(`from a client: ${what} before the first SETTINGS`, async () => {
    const client = dialBare(PREFACE);
    client.send(first);
    assert.equal(await goawayCode(client), PROTOCOL);
  });
}

/** A client that sends only these bytes. */
function dialBare(bytes: string | Buffer): RawPeer {
  const socket = connect({ host: '127.0.0.1', port: bed.port, noDelay: true });
  const peer = new RawPeer(socket, false);
  socket.write(bytes);
  return peer;
}
