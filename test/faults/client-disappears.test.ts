import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { EchoClient } from '../support/client.js';
import { delay, eventually } from '../support/eventually.js';
import { Flag, frame, grpcMessage, Type } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';
import type { ReplicaCall } from '../support/replica-call.js';
import { bytesField } from '../support/wire.js';

const CANCEL = 8;

let bed: Bed;
let at: ReplicaCall[];

before(async () => {
  bed = await Bed.start({
    clusters: { pair: { a: ['a1', 'a2'] } },
    routes: [
      {
        name: 'keyed',
        type: 'rpc_affinity_message',
        association: 'round_robin',
        routing_field: 'key',
        backend_cluster: 'pair',
        methods: ['Get'],
      },
      roundRobin('all', 'pair'),
    ],
  });
});

after(() => bed.stop());
afterEach(() => bed.handle());

function collect(): void {
  at = [];
  bed.handle((call) => at.push(call));
}

function everyoneCancelled(count: number): Promise<unknown> {
  return eventually(
    'the replicas’ streams are cancelled',
    () => at.length === count && at.every(({ cancelled }) => cancelled),
  );
}

for (const [how, leave] of [
  ['closes its connection', (peer: RawPeer) => peer.socket.end()],
  ['drops its connection', (peer: RawPeer) => peer.socket.resetAndDestroy()],
] as const) {
  test(`a client that ${how} cancels every southbound stream of its calls`, async () => {
    collect();
    const peer = await RawPeer.dial(bed.port);
    const paths = ['Unary', 'ServerStream', 'ClientStream', 'Bidi'];
    for (const [i, method] of paths.entries()) {
      peer.request(2 * i + 1, `/afrouter.test.Echo/${method}`);
      peer.send(frame(Type.DATA, 0, 2 * i + 1, grpcMessage(bytesField(1, 'gone'))));
    }
    await eventually('the replicas have them', () => at.length === 2 * paths.length);
    leave(peer);
    await everyoneCancelled(2 * paths.length);
    peer.destroy();
  });
}

test('RST_STREAM cancels the streams of that call only', async () => {
  collect();
  const peer = await RawPeer.dial(bed.port);
  peer.request(1, '/afrouter.test.Echo/Bidi', [['x-call', 'one']]);
  peer.request(3, '/afrouter.test.Echo/Bidi', [['x-call', 'two']]);
  await eventually('the replicas have both', () => at.length === 4);
  peer.reset(1, CANCEL);
  await eventually('call one is cancelled', () =>
    at.filter((call) => call.meta('x-call')[0] === 'one').every(({ cancelled }) => cancelled),
  );
  for (const call of at.filter((each) => each.meta('x-call')[0] === 'two')) assert.equal(call.cancelled, false);
  peer.destroy();
  await everyoneCancelled(4);
});

test('RST_STREAM before the first message, which the route waits for: no replica hears of the call', async () => {
  collect();
  const peer = await RawPeer.dial(bed.port);
  peer.request(1, '/afrouter.test.Echo/Get');
  peer.send(frame(Type.DATA, 0, 1, grpcMessage(bytesField(1, 'never')).subarray(0, 7)));
  peer.reset(1, CANCEL);
  peer.request(3, '/afrouter.test.Echo/Get');
  peer.send(frame(Type.DATA, Flag.END_STREAM, 3, grpcMessage(bytesField(1, 'second'))));
  await eventually('the second call arrives', () => at.length === 2 && at.every(({ halfClosed }) => halfClosed));
  for (const call of at) assert.equal(call.requests[0]!.key, 'second');
  peer.destroy();
  await everyoneCancelled(2);
});

test('a thousand clients that come, call and vanish leave the router as it was', async () => {
  collect();
  const one = new EchoClient(bed.port);
  for (let round = 0; round < 20; round++) {
    const peers = await Promise.all(Array.from({ length: 50 }, () => RawPeer.dial(bed.port)));
    for (const peer of peers) peer.request(1, '/afrouter.test.Echo/Bidi');
    await eventually('they are served', () => at.length === 100);
    for (const peer of peers) peer.socket.resetAndDestroy();
    await everyoneCancelled(100);
    at.length = 0;
  }
  bed.handle();
  assert.equal((await one.call('Unary', { key: 'still there' })).code, 0);
  one.stop();
});

test('quick cancellations of one client do no harm to another', async () => {
  bed.handle();
  const other = new EchoClient(bed.port);
  let failures = 0;
  let stop = false;
  const traffic = (async () => {
    while (!stop) if ((await other.call('Unary', { key: 'other' })).code !== 0) failures++;
  })();
  try {
    for (let i = 0; i < 300; i++) {
      const call = bed.client.open('Bidi').send({ key: 'quick' });
      if (i % 3 === 0) await delay(1);
      call.cancel();
      const { code, details } = await call.outcome;
      assert.equal(code, 1, details);
    }
  } finally {
    stop = true;
    await traffic;
    other.stop();
  }
  assert.equal(failures, 0);
});
