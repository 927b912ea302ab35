import { after, before, test } from 'node:test';
import { flood, repeated, target, underAttack } from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { eventually } from '../support/eventually.js';
import { frame, Type } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

/** More answers than the kernel's buffers of both ends take. */
const PINGS = 2_000_000;
const A_WRITE = 5000;

let bed: Bed;

before(async () => {
  bed = await Bed.start(target({ AFROUTER_PINGS_PER_SECOND: '1000000' }));
});

after(() => bed.stop());

test('a client that makes answers pile up and reads none of them (CVE-2019-9517) is closed', async () => {
  await underAttack(
    bed,
    async () => {
      const peer = await RawPeer.dial(bed.port);
      peer.socket.pause();
      await flood(peer, repeated(frame(Type.PING, 0, 0, Buffer.alloc(8)), A_WRITE), PINGS / A_WRITE);
      peer.socket.resume();
      await eventually('the connection is closed', () => peer.closed);
    },
    'outputBytes',
  );
});
