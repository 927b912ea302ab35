import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  data,
  ENHANCE_YOUR_CALM,
  flood,
  Requests,
  repeated,
  resets,
  SERVER_STREAM,
  target,
  UNARY,
  underAttack,
  untilCounted,
  untilSentAway,
} from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { echoService } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { Flag, frame, grpcMessage, Type, uint32 } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

const CANCEL = 8;
const NO_WINDOW = Buffer.concat([Buffer.of(0, 4), uint32(0)]);

let bed: Bed;

before(async () => {
  bed = await Bed.start(target({ AFROUTER_STALL_TIMEOUT_MS: '1500' }));
});

after(() => bed.stop());

/** A request for so many bytes of answer, in 64 KiB messages. */
function want(bytes: number): Buffer {
  const plan = { responses: bytes / 65536, responseBytes: 65536 };
  return grpcMessage(echoService.ServerStream!.requestSerialize({ plan }));
}

test('slow read: calls whose window stays shut cost a window each, and are reset when their time is over', async () => {
  await underAttack(
    bed,
    async () => {
      const peer = await RawPeer.dial(bed.port, NO_WINDOW);
      const requests = new Requests(SERVER_STREAM);
      const request = want(1024 * 1024);
      const streams = 100;
      for (let i = 0; i < streams; i++) {
        const { id, bytes } = requests.open();
        peer.send(bytes, data(id, request, Flag.END_STREAM));
      }
      await eventually('all of them are reset', () => resets(peer).size === streams);
      assert.ok([...resets(peer).values()].every((code) => code === CANCEL));
      assert.equal(peer.closed, false, 'the connection lives');
      peer.destroy();
    },
    'stalledStreams',
  );
});

test('a client that asks and never reads its socket is closed, though its answers have all been sent', async () => {
  await underAttack(bed, async () => {
    const peer = await RawPeer.dial(bed.port);
    peer.send(frame(Type.WINDOW_UPDATE, 0, 0, uint32(0x7fff0000 - 65535)));
    peer.socket.pause();
    const requests = new Requests(UNARY);
    const payload = grpcMessage(echoService.Unary!.requestSerialize({ payload: Buffer.alloc(16_000) }));
    for (let i = 0; i < 1000; i++) {
      const { id, bytes } = requests.open();
      peer.send(bytes, data(id, payload, Flag.END_STREAM));
    }
    await untilCounted(bed, 'stalledConnections');
    peer.destroy();
  });
});

test('data dribble (CVE-2019-9511): a window opened octet by octet is a flood of WINDOW_UPDATE', async () => {
  await underAttack(
    bed,
    async () => {
      const peer = await RawPeer.dial(bed.port, NO_WINDOW);
      const requests = new Requests(SERVER_STREAM);
      const { id, bytes } = requests.open();
      peer.send(bytes, data(id, want(1024 * 1024), Flag.END_STREAM));
      await flood(peer, repeated(frame(Type.WINDOW_UPDATE, 0, id, uint32(1)), 100), 400);
      await untilSentAway(peer, ENHANCE_YOUR_CALM);
    },
    'windowUpdates',
  );
});
