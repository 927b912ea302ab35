import { after, before, test } from 'node:test';
import {
  data,
  ENHANCE_YOUR_CALM,
  flood,
  repeated,
  target,
  UNARY,
  underAttack,
  untilSentAway,
} from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { Flag, frame, Type, uint32 } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

/** Frames of an attack: more than any budget by default, windows' included. */
const FRAMES = 40_000;
const A_WRITE = 200;
const UNKNOWN_TYPE = 0x42;

let bed: Bed;

before(async () => {
  bed = await Bed.start(target());
});

after(() => bed.stop());

const floods: readonly (readonly [what: string, limit: string, frame: Buffer])[] = [
  ['SETTINGS (CVE-2019-9515)', 'settings', frame(Type.SETTINGS, 0, 0)],
  [
    'SETTINGS that change the window (of a stream that waits)',
    'settings',
    Buffer.concat([settings(4, 0), settings(4, 65535)]),
  ],
  ['GOAWAY', 'settings', frame(Type.GOAWAY, 0, 0, Buffer.concat([uint32(0), uint32(0), Buffer.alloc(100)]))],
  ['PING (CVE-2019-9512)', 'pings', frame(Type.PING, 0, 0, Buffer.alloc(8))],
  ['empty DATA (CVE-2019-9518)', 'emptyFrames', data(1, Buffer.alloc(0))],
  ['DATA that is padding', 'emptyFrames', data(1, Buffer.concat([Buffer.of(20), Buffer.alloc(20)]), Flag.PADDED)],
  ['WINDOW_UPDATE of the stream', 'windowUpdates', frame(Type.WINDOW_UPDATE, 0, 1, uint32(1))],
  ['WINDOW_UPDATE of the connection', 'windowUpdates', frame(Type.WINDOW_UPDATE, 0, 0, uint32(1))],
  ['PRIORITY (CVE-2019-9513)', 'priorities', priority(1, 0)],
  ['PRIORITY in a circle', 'priorities', Buffer.concat([priority(1, 3), priority(3, 5), priority(5, 1)])],
  ['frames of an unknown type', 'unknownFrames', frame(UNKNOWN_TYPE, 0xff, 1, Buffer.alloc(10))],
  ['ACKs of SETTINGS that were never sent', 'unknownFrames', frame(Type.SETTINGS, Flag.ACK, 0)],
  ['answers to PINGs that were never sent', 'unknownFrames', frame(Type.PING, Flag.ACK, 0, Buffer.alloc(8))],
];

function settings(id: number, value: number): Buffer {
  return frame(Type.SETTINGS, 0, 0, Buffer.concat([Buffer.of(0, id), uint32(value)]));
}

function priority(stream: number, dependsOn: number): Buffer {
  return frame(Type.PRIORITY, 0, stream, Buffer.concat([uint32(dependsOn), Buffer.of(15)]));
}

for (const [what, limit, one] of floods) {
  test(`a flood of ${what}: the connection ends, nobody else notices`, async () => {
    await underAttack(
      bed,
      async () => {
        const peer = await RawPeer.dial(bed.port);
        peer.request(1, UNARY);
        await flood(peer, repeated(one, A_WRITE), FRAMES / A_WRITE);
        await untilSentAway(peer, ENHANCE_YOUR_CALM);
      },
      limit,
    );
  });
}

test('all of them at once, on many connections', async () => {
  await underAttack(bed, async () => {
    await Promise.all(
      floods.map(async ([, , one]) => {
        const peer = await RawPeer.dial(bed.port);
        peer.request(1, UNARY);
        await flood(peer, repeated(one, A_WRITE), FRAMES / A_WRITE);
        await untilSentAway(peer, ENHANCE_YOUR_CALM);
      }),
    );
  });
});
