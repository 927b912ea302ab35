import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EchoClient } from '../support/client.js';
import { Daemon } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { Flag, frame, grpcMessage, headerBlock, Type, uint32 } from '../support/frames.js';
import { freePort } from '../support/free-ports.js';
import { RawPeer, RawServer } from '../support/raw-peer.js';
import { connectionName, routingFile } from './runner/routing.js';

const PATH = '/afrouter.test.Echo/Unary';
const END = Flag.END_HEADERS | Flag.END_STREAM;
const CALLS = 300;

let backend: RawServer;
let daemon: Daemon;
let port: number;
/** Streams the router has reset on the backend's connection. */
const reset: number[] = [];

before(async () => {
  backend = await RawServer.listen((peer) => {
    peer.send(frame(Type.SETTINGS, 0, 0));
    peer.onFrame = ({ type, flags, stream }) => {
      if (type === Type.RST_STREAM) reset.push(stream);
      if (type === Type.DATA && (flags & Flag.END_STREAM) !== 0) peer.send(...answer(stream));
    };
  });
  port = await freePort();
  const service = { package: 'afrouter.test', service: 'Echo', proto: 'protos/echo.proto' };
  daemon = await Daemon.start(routingFile(port, [service], 'server', [backend.port]));
  await daemon.untilOpen([connectionName(0)]);
});

after(async () => {
  await daemon.stop();
  await backend.stop();
});

function answer(stream: number): Buffer[] {
  return [
    frame(Type.HEADERS, Flag.END_HEADERS, stream, headerBlock([[':status', '200']])),
    frame(Type.DATA, 0, stream, grpcMessage(Buffer.alloc(20))),
    frame(Type.HEADERS, END, stream, headerBlock([['grpc-status', '0']])),
  ];
}

test('a client that gives up hundreds of calls costs no backend its connection, though answers were on their way', async () => {
  const client = await RawPeer.dial(port);
  const ids = Array.from({ length: CALLS }, (_, i) => 2 * i + 1);
  for (const id of ids) client.request(id, PATH);
  for (const id of ids) client.reset(id, 8);
  await eventually('the backend sees the resets', () => reset.length === CALLS);
  const peer = backend.peers[0]!;
  for (const id of reset) peer.send(...answer(id), frame(Type.WINDOW_UPDATE, 0, id, uint32(1)));
  const other = new EchoClient(port);
  assert.equal((await other.call('Unary', { key: 'k' })).code, 0);
  assert.equal(peer.closed, false);
  assert.equal(backend.peers.length, 1);
  other.stop();
  client.destroy();
});

test('what a client still sends on a stream that we reset is ignored', async () => {
  const client = await RawPeer.dial(port);
  client.request(1, PATH, [['te', 'gzip']]);
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
  client.request(3, PATH);
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
      const client = await RawPeer.dial(port);
      client.request(1, PATH);
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
  const client = await RawPeer.dial(port);
  client.request(5, PATH);
  client.request(3, PATH);
  const { payload } = await client.untilFrame('GOAWAY', ({ type }) => type === Type.GOAWAY);
  assert.equal(payload.readUInt32BE(4), 1);
  client.destroy();
});
