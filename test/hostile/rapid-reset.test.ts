import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  ENHANCE_YOUR_CALM,
  flood,
  goaways,
  Requests,
  target,
  UNARY,
  underAttack,
  untilSentAway,
} from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { eventually } from '../support/eventually.js';
import { Flag, frame, Type, uint32 } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

/** With the default limits: 1000 resets at once, half as many again after the first GOAWAY, 100 a second. */
const ATTACK_STREAMS = 20_000;
const MOST_TAKEN = 4_000;

let bed: Bed;

before(async () => {
  bed = await Bed.start(target());
});

after(() => bed.stop());

/** Opens and resets `streams` streams, a hundred a write. */
async function rapidReset(peer: RawPeer, streams: number, flags: number): Promise<void> {
  const requests = new Requests(UNARY);
  const chunk = () => {
    const pairs: Buffer[] = [];
    for (let i = 0; i < 100; i++) {
      const { id, bytes } = requests.open(flags);
      pairs.push(bytes, frame(Type.RST_STREAM, 0, id, uint32(8)));
    }
    return Buffer.concat(pairs);
  };
  await flood(peer, chunk, streams / 100);
}

for (const [what, flags] of [
  ['calls that wait for their request', 0],
  ['calls that are half-closed', Flag.END_STREAM],
] as const) {
  test(`rapid reset (CVE-2023-44487) of ${what}: sent away, then closed, and most of it never reaches a backend`, async () => {
    const callsBefore = bed.replica('r1').calls.length;
    await underAttack(
      bed,
      async () => {
        const peer = await RawPeer.dial(bed.port);
        await rapidReset(peer, ATTACK_STREAMS, flags);
        await untilSentAway(peer, ENHANCE_YOUR_CALM);
      },
      'resets',
    );
    const taken = bed
      .replica('r1')
      .calls.slice(callsBefore)
      .filter(({ requests }) => requests.length === 0).length;
    assert.ok(taken < MOST_TAKEN, `${taken} streams reached the replica`);
  });
}

test('a client that goes a little over is told to go, its calls in flight end well, and it may dial again', async () => {
  await underAttack(bed, async () => {
    const peer = await RawPeer.dial(bed.port);
    peer.request(1, UNARY);
    const requests = new Requests(UNARY);
    requests.nextId = 3;
    for (let i = 0; i < 1200; i++) {
      const { id, bytes } = requests.open();
      peer.send(bytes, frame(Type.RST_STREAM, 0, id, uint32(8)));
    }
    await eventually('GOAWAY', () => goaways(peer).length > 0);
    assert.equal(goaways(peer)[0]!.code, ENHANCE_YOUR_CALM);
    assert.equal(peer.closed, false, 'the first GOAWAY closes nothing');
    peer.send(frame(Type.DATA, Flag.END_STREAM, 1, Buffer.from([0, 0, 0, 0, 0])));
    await peer.untilFrame(
      'the answer',
      (f) => f.type === Type.HEADERS && f.stream === 1 && (f.flags & Flag.END_STREAM) !== 0,
    );
    await eventually('the connection closes with its last call', () => peer.closed);
  });
});

test('an attacker that dials again and again disturbs nobody', async () => {
  await underAttack(bed, async () => {
    for (let i = 0; i < 8; i++) {
      const peer = await RawPeer.dial(bed.port);
      await rapidReset(peer, 5000, 0);
      await untilSentAway(peer, ENHANCE_YOUR_CALM);
    }
  });
});
