import { after, before, test } from 'node:test';
import { ENHANCE_YOUR_CALM, flood, repeated, target, underAttack, untilSentAway } from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { Flag, frame, Type } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

let bed: Bed;

before(async () => {
  bed = await Bed.start(target());
});

after(() => bed.stop());

for (const [what, payload, times, limit] of [
  ['empty', Buffer.alloc(0), 100_000, 'continuations'],
  ['one octet each', Buffer.alloc(1), 100_000, 'continuations'],
  ['full frames', Buffer.alloc(16384), 2_000, 'headerBlockBytes'],
] as const) {
  test(`CONTINUATION flood (CVE-2024-27316), ${what}: the connection ends, nothing is gathered`, async () => {
    await underAttack(
      bed,
      async () => {
        const peers = await Promise.all(Array.from({ length: 10 }, () => RawPeer.dial(bed.port)));
        await Promise.all(
          peers.map(async (peer) => {
            peer.send(frame(Type.HEADERS, Flag.END_STREAM, 1, payload));
            await flood(peer, repeated(frame(Type.CONTINUATION, 0, 1, payload), 10), times / 100);
            await untilSentAway(peer, ENHANCE_YOUR_CALM);
          }),
        );
      },
      limit,
    );
  });
}
