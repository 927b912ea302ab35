import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { underAttack } from '../support/attack.js';
import { delay } from '../support/eventually.js';
import { frame, Type } from '../support/frames.js';
import { HostileBackend } from '../support/hostile-backend.js';
import type { RawPeer } from '../support/raw-peer.js';

/** With a back-off of 50 ms at first and 200 ms at most (the tests' setting), halved at random: no more than 10 a second. */
const WATCHED_MS = 2000;
const MOST_DIALS = 35;

let bed: HostileBackend;

before(async () => {
  bed = await HostileBackend.start();
});

after(() => bed.stop());

const settings = frame(Type.SETTINGS, 0, 0);

for (const [what, greet] of [
  ['accepts and closes at once', (peer: RawPeer) => peer.socket.destroy()],
  ['says SETTINGS and closes', (peer: RawPeer) => peer.socket.end(settings)],
  [
    'says GOAWAY on every connection',
    (peer: RawPeer) => {
      peer.send(settings);
      peer.goaway(0);
    },
  ],
  ['answers with HTTP/1.1', (peer: RawPeer) => peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))],
] as const) {
  test(`a backend that ${what} is dialled with back-off`, async () => {
    const sane = bed.greet;
    await underAttack(bed, async () => {
      bed.greet = greet;
      bed.peer.destroy();
      const dialled = bed.bad.peers.length;
      await delay(WATCHED_MS);
      const dials = bed.bad.peers.length - dialled;
      assert.ok(dials > 1 && dials < MOST_DIALS, `${dials} dials in ${WATCHED_MS} ms`);
      bed.greet = sane;
      // Back again, so that the sockets are as many as before.
      await delay(300);
      await bed.untilOpen();
    });
  });
}
