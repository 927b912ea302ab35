import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EchoClient } from '../support/client.js';
import { Daemon } from '../support/daemon.js';
import { echo, echoService } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { Flag, type Frame, frame, grpcMessage, headerBlock, Type, uint32 } from '../support/frames.js';
import { freePort } from '../support/free-ports.js';
import { type RawPeer, RawServer } from '../support/raw-peer.js';
import { Replica } from '../support/replica.js';

const HEADERS: readonly (readonly [string, string])[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];

/** What the bad server does when a request's last frame has come. */
type Misbehaviour = (peer: RawPeer, stream: number) => void;

let bad: RawServer;
let good: Replica;
let daemon: Daemon;
let client: EchoClient;
let misbehave: Misbehaviour = () => {};

before(async () => {
  bad = await RawServer.listen((peer) => {
    peer.send(frame(Type.SETTINGS, 0, 0));
    peer.onFrame = ({ type, flags, stream }: Frame) => {
      const ends = type === Type.DATA || type === Type.HEADERS;
      if (ends && (flags & Flag.END_STREAM) !== 0) misbehave(peer, stream);
    };
  });
  good = await Replica.start('good', echoService, echo);
  const port = await freePort();
  const connection = (name: string, at: number) => ({ name, addr: '127.0.0.1', port: at });
  const association = { strategy: 'serial_number', location: 'header' };
  const route = (name: string, backend_cluster: string, methods: string[]) => ({
    name,
    type: 'round_robin',
    association: 'round_robin',
    backend_cluster,
    methods,
  });
  daemon = await Daemon.start({
    servers: [
      {
        name: 'n',
        address: '127.0.0.1',
        port,
        type: 'grpc',
        routers: [{ package: 'afrouter.test', service: 'Echo', router: 'r' }],
      },
    ],
    routers: [
      {
        name: 'r',
        package: 'afrouter.test',
        service: 'Echo',
        routes: [route('bad', 'alone', ['Unary']), route('mixed', 'mixed', ['Get']), route('good', 'sane', ['Aim'])],
      },
    ],
    backend_clusters: [
      { name: 'alone', backends: [{ name: 'x', type: 'server', connections: [connection('x1', bad.port)] }] },
      {
        name: 'mixed',
        backends: [
          {
            name: 'y',
            type: 'active_active',
            association,
            connections: [connection('y1', bad.port), connection('y2', good.port)],
          },
        ],
      },
      { name: 'sane', backends: [{ name: 'z', type: 'server', connections: [connection('z1', good.port)] }] },
    ],
  });
  await daemon.untilOpen(['x1', 'y1', 'y2', 'z1']);
  client = new EchoClient(port);
});

after(async () => {
  client.stop();
  await daemon.stop();
  await bad.stop();
  await good.kill();
});

function headers(stream: number, fields = HEADERS, flags = 0): Buffer {
  return frame(Type.HEADERS, Flag.END_HEADERS | flags, stream, headerBlock(fields));
}

function trailers(stream: number, status = '0'): Buffer {
  return headers(stream, [['grpc-status', status]], Flag.END_STREAM);
}

const message = grpcMessage(Buffer.from([0x0a, 1, 0x6b]));

const cases: readonly (readonly [what: string, allowed: readonly number[], Misbehaviour])[] = [
  [
    'bytes that are no HTTP/2',
    [13, 14],
    (peer) => peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\nsorry\r\n'.repeat(50))),
  ],
  ['a frame larger than allowed', [13, 14], (peer, s) => peer.send(frame(Type.DATA, 0, s, Buffer.alloc(70_000)))],
  ['DATA on a stream that nobody opened', [13, 14], (peer) => peer.send(frame(Type.DATA, 0, 9001, Buffer.alloc(10)))],
  ['DATA before HEADERS', [2, 13, 14], (peer, s) => peer.send(frame(Type.DATA, Flag.END_STREAM, s, message))],
  [
    'a broken header block',
    [13, 14],
    (peer, s) => peer.send(frame(Type.HEADERS, Flag.END_HEADERS, s, Buffer.alloc(40, 0xff))),
  ],
  [
    'a WINDOW_UPDATE of 0 for the connection',
    [13, 14],
    (peer) => peer.send(frame(Type.WINDOW_UPDATE, 0, 0, uint32(0))),
  ],
  [
    'a window that overflows',
    [13, 14],
    (peer) => peer.send(...Array.from({ length: 3 }, () => frame(Type.WINDOW_UPDATE, 0, 0, uint32(0x7fffffff)))),
  ],
  ['RST_STREAM', [1, 13, 14], (peer, s) => peer.send(frame(Type.RST_STREAM, 0, s, uint32(2)))],
  [
    'an end in the middle of a message',
    [13, 14],
    (peer, s) => peer.send(headers(s), frame(Type.DATA, 0, s, message.subarray(0, 6)), trailers(s)),
  ],
  [
    'an end without trailers',
    [2, 13, 14],
    (peer, s) => peer.send(headers(s), frame(Type.DATA, Flag.END_STREAM, s, message)),
  ],
  [
    'trailers without grpc-status',
    [2, 13],
    (peer, s) => peer.send(headers(s), frame(Type.DATA, 0, s, message), headers(s, [['x-a', 'b']], Flag.END_STREAM)),
  ],
  [
    'a grpc-status that is no number',
    [2, 13],
    (peer, s) => peer.send(headers(s), frame(Type.DATA, 0, s, message), trailers(s, 'fine')),
  ],
  [
    'HTTP status 503',
    [14],
    (peer, s) =>
      peer.send(
        headers(
          s,
          [
            [':status', '503'],
            ['content-type', 'text/html'],
          ],
          Flag.END_STREAM,
        ),
      ),
  ],
  ['HTTP status 404', [12], (peer, s) => peer.send(headers(s, [[':status', '404']], Flag.END_STREAM))],
  [
    'a message that claims 4 GiB',
    [8],
    (peer, s) => peer.send(headers(s), frame(Type.DATA, 0, s, Buffer.from([0, 255, 255, 255, 255, 1]))),
  ],
  [
    'a connection cut off in the answer',
    [13, 14],
    (peer, s) => {
      peer.send(headers(s), frame(Type.DATA, 0, s, message));
      peer.socket.end();
    },
  ],
  [
    'PUSH_PROMISE',
    [13, 14],
    (peer, s) =>
      peer.send(frame(Type.PUSH_PROMISE, Flag.END_HEADERS, s, Buffer.concat([uint32(2), headerBlock(HEADERS)]))),
  ],
];

/** A fault may cost the connection, which comes back by itself. */
async function untilServing(method: string): Promise<void> {
  misbehave = (peer, stream) => peer.send(headers(stream), frame(Type.DATA, 0, stream, message), trailers(stream));
  await eventually('the bad server is connected again', async () => (await client.call(method, {})).code === 0);
}

for (const [what, allowed, how] of cases) {
  test(`from the only connection: ${what}`, async () => {
    await untilServing('Unary');
    misbehave = how;
    const { code, details } = await client.call('Unary', { key: 'k' }, { deadlineMs: 10_000 });
    assert.ok(allowed.includes(code), `status ${code}: ${details}`);
    assert.equal((await client.call('Aim', { key: 'k' })).code, 0, 'others are served');
    assert.equal(daemon.exited, null);
  });
}

for (const [what, , how] of cases.filter(([name]) => !/HTTP status|no number|without grpc-status/.test(name))) {
  test(`from one of two replicas: ${what}`, async () => {
    await untilServing('Get');
    misbehave = how;
    const handler = good.handler;
    // The good one answers when the bad one has had its say.
    good.handler = (call) => setTimeout(() => echo(call), 100);
    const { code, details, messages } = await client.call('Get', { key: 'k' }, { deadlineMs: 10_000 });
    good.handler = handler;
    assert.equal(code, 0, details);
    assert.equal(messages[0]!.replica, 'good');
  });
}

test('RST_STREAM(NO_ERROR) after the trailers does not turn the status', async () => {
  await untilServing('Unary');
  misbehave = (peer, stream) =>
    peer.send(
      headers(stream),
      frame(Type.DATA, 0, stream, message),
      trailers(stream, '5'),
      frame(Type.RST_STREAM, 0, stream, uint32(0)),
    );
  for (let i = 0; i < 5; i++) assert.equal((await client.call('Unary', {})).code, 5);
});

test('no worker died of any of it', () => {
  assert.ok(!daemon.lines.some(({ event }) => event === 'worker_died' || event === 'worker_error'));
});
