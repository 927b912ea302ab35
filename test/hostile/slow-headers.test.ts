import { after, before, test } from 'node:test';
import { ENHANCE_YOUR_CALM, target, UNARY, underAttack, untilSentAway } from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { delay } from '../support/eventually.js';
import { frame, Type } from '../support/frames.js';
import { RawPeer, requestBlock } from '../support/raw-peer.js';

const CONNECTIONS = 50;

let bed: Bed;

before(async () => {
  bed = await Bed.start(target({ AFROUTER_HEADER_TIMEOUT_MS: '1000' }));
});

after(() => bed.stop());

/** Sends `next(i)` every 100 ms until the peer is closed. */
async function drip(peer: RawPeer, next: (i: number) => Buffer): Promise<void> {
  for (let i = 0; !peer.closed && i < 200; i++) {
    peer.send(next(i));
    await delay(100);
  }
}

const whole = frame(Type.HEADERS, 4, 1, requestBlock(UNARY));

for (const [what, first, next] of [
  ['a frame octet by octet', Buffer.alloc(0), (i: number) => whole.subarray(i, i + 1)],
  [
    'a header block frame by frame',
    frame(Type.HEADERS, 0, 1, requestBlock(UNARY)),
    (i: number) => (i % 10 === 0 ? frame(Type.CONTINUATION, 0, 1) : Buffer.alloc(0)),
  ],
  [
    'a PING that never ends',
    Buffer.alloc(0),
    (i: number) => Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1]).subarray(i, i + 1),
  ],
] as const) {
  test(`slow headers, ${what}: closed when their time is over`, async () => {
    await underAttack(
      bed,
      async () => {
        const peers = await Promise.all(Array.from({ length: CONNECTIONS }, () => RawPeer.dial(bed.port)));
        await Promise.all(
          peers.map(async (peer) => {
            await peer.untilFrame('SETTINGS, which are acknowledged', ({ type }) => type === Type.SETTINGS);
            peer.send(first);
            await drip(peer, next);
            await untilSentAway(peer, ENHANCE_YOUR_CALM);
          }),
        );
      },
      'headerTimeouts',
    );
  });
}
