import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  data,
  ENHANCE_YOUR_CALM,
  flood,
  goaways,
  Requests,
  resets,
  target,
  UNARY,
  underAttack,
  untilSentAway,
} from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { echo } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { Flag, frame, Type, uint32 } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

const FLOW_CONTROL_ERROR = 3;
const REFUSED_STREAM = 7;
const MAX_STREAMS = 100;

let bed: Bed;

before(async () => {
  bed = await Bed.start(target({ AFROUTER_MAX_CONCURRENT_STREAMS: String(MAX_STREAMS) }));
});

after(() => bed.stop());

test('streams over the limit are refused, those under it go on', async () => {
  await underAttack(
    bed,
    async () => {
      const peer = await RawPeer.dial(bed.port);
      const requests = new Requests(UNARY);
      for (let i = 0; i < 3 * MAX_STREAMS; i++) peer.send(requests.open().bytes);
      await eventually('the rest is refused', () => resets(peer).size === 2 * MAX_STREAMS);
      assert.ok([...resets(peer).values()].every((code) => code === REFUSED_STREAM));
      assert.ok([...resets(peer).keys()].every((stream) => stream > 2 * MAX_STREAMS));
      peer.send(data(1, Buffer.alloc(5), Flag.END_STREAM));
      await peer.untilFrame('the first call', ({ type, stream }) => type === Type.HEADERS && stream === 1);
      assert.deepEqual(goaways(peer), []);
      peer.destroy();
    },
    'streamsRefused',
  );
});

test('a client that goes on opening streams over its limit is sent away, then closed', async () => {
  await underAttack(
    bed,
    async () => {
      const peer = await RawPeer.dial(bed.port);
      const requests = new Requests(UNARY);
      await flood(peer, () => Buffer.concat(Array.from({ length: 100 }, () => requests.open().bytes)), 300);
      await untilSentAway(peer, ENHANCE_YOUR_CALM);
      const said = goaways(peer).map(({ lastId }) => lastId);
      assert.ok(said.length < 2 || said.at(-1)! <= said[0]!, `the last stream id is never raised: ${said}`);
    },
    'refusals',
  );
});

const overflow = frame(Type.WINDOW_UPDATE, 0, 0, uint32(0x7fffffff));
const largestWindow = frame(Type.SETTINGS, 0, 0, Buffer.concat([Buffer.of(0, 4), uint32(0x7fffffff)]));

for (const [what, bytes] of [
  ["the connection's window", overflow],
  [
    'the windows of all streams, by SETTINGS',
    Buffer.concat([frame(Type.WINDOW_UPDATE, 0, 1, uint32(1)), largestWindow]),
  ],
  ['a window setting', frame(Type.SETTINGS, 0, 0, Buffer.concat([Buffer.of(0, 4), uint32(0x80000000)]))],
] as const) {
  test(`a peer that overflows ${what} loses its connection: FLOW_CONTROL_ERROR`, async () => {
    await underAttack(
      bed,
      async () => {
        const peer = await RawPeer.dial(bed.port);
        peer.request(1, UNARY);
        peer.send(bytes);
        await untilSentAway(peer, FLOW_CONTROL_ERROR);
      },
      'protocolErrors',
    );
  });
}

test("more DATA than a stream's window loses the stream: FLOW_CONTROL_ERROR", async () => {
  // The replicas do not read this one, so nothing is given back.
  bed.handle((call) => (call.method === 'ClientStream' ? call.stream.pause() : echo(call)));
  await underAttack(bed, async () => {
    const peer = await RawPeer.dial(bed.port);
    peer.request(1, '/afrouter.test.Echo/ClientStream');
    for (let i = 0; i < 20; i++) peer.send(data(1, Buffer.alloc(16_384)));
    await eventually('the stream is reset', () => resets(peer).get(1) === FLOW_CONTROL_ERROR);
    assert.equal(peer.closed, false);
    peer.destroy();
  });
});
