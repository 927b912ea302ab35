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
import { Flag, frame, headerBlock, Type } from '../support/frames.js';
import { RawPeer, requestBlock } from '../support/raw-peer.js';

let bed: Bed;

before(async () => {
  bed = await Bed.start(target());
});

after(() => bed.stop());

/** A field of `bytes` octets put in the dynamic table (RFC 7541 §6.2.1); index 62 refers to it from then on. */
function indexedField(bytes: number): Buffer {
  const literal = headerBlock([['x-bomb', 'b'.repeat(bytes)]]);
  literal[0] = 0x40;
  return literal;
}

/** A reference to the newest field of the dynamic table: one octet for all of it. */
const REFERENCE = 0x80 | 62;

function block(stream: number, bytes: Buffer, flags: number = Flag.END_STREAM): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 16384) {
    const end = at + 16384 >= bytes.length ? Flag.END_HEADERS : 0;
    const type = at === 0 ? Type.HEADERS : Type.CONTINUATION;
    frames.push(frame(type, at === 0 ? end | flags : end, stream, bytes.subarray(at, at + 16384)));
  }
  return frames;
}

test('an HPACK bomb, 15 KB that unfold into 45 MB, ends its connection', async () => {
  await underAttack(
    bed,
    async () => {
      for (let i = 0; i < 20; i++) {
        const peer = await RawPeer.dial(bed.port);
        peer.send(
          ...block(1, Buffer.concat([requestBlock(UNARY), indexedField(3000), Buffer.alloc(15_000, REFERENCE)])),
        );
        await untilSentAway(peer, ENHANCE_YOUR_CALM);
      }
    },
    'headerListsOversized',
  );
});

test('thousands of tiny fields (CVE-2026-47774) end their connection', async () => {
  await underAttack(bed, async () => {
    const peer = await RawPeer.dial(bed.port);
    // `:method: GET` of the static table, one octet each.
    peer.send(...block(1, Buffer.alloc(16_000, 0x82)));
    await untilSentAway(peer, ENHANCE_YOUR_CALM);
  });
});

for (const [what, extra] of [
  ['too many bytes', Buffer.concat([indexedField(3000), Buffer.alloc(30, REFERENCE)])],
  [
    'too many bytes, all of them literal',
    headerBlock(Array.from({ length: 24 }, (_, i) => [`x-${i}`, 'v'.repeat(3000)])),
  ],
  ['too many fields', Buffer.alloc(210, REFERENCE & 0xff)],
] as const) {
  test(`a header list of ${what} is refused on its stream alone: 431, and the client's other calls go on`, async () => {
    const bytes = what === 'too many fields' ? Buffer.concat([indexedField(10), extra]) : extra;
    await underAttack(bed, async () => {
      const peer = await RawPeer.dial(bed.port);
      peer.request(1, UNARY);
      peer.send(...block(3, Buffer.concat([requestBlock(UNARY), bytes]), 0));
      const { payload } = await peer.untilFrame(
        'an answer',
        ({ type, stream }) => type === Type.HEADERS && stream === 3,
      );
      assert.ok(payload.includes('431'), 'status 431');
      const reset = await peer.untilFrame(
        'the stream is closed, whatever else the client would send on it',
        ({ type, stream }) => type === Type.RST_STREAM && stream === 3,
      );
      assert.equal(reset.payload.readUInt32BE(0), 0, 'NO_ERROR');
      peer.send(frame(Type.DATA, Flag.END_STREAM, 1, Buffer.alloc(5)));
      await peer.untilFrame('the other call', ({ type, stream }) => type === Type.HEADERS && stream === 1);
      assert.deepEqual(goaways(peer), []);
      peer.destroy();
    });
  });
}

test('header lists that are always new fill no table for ever', async () => {
  await underAttack(bed, async () => {
    const peer = await RawPeer.dial(bed.port);
    const requests = new Requests(UNARY);
    let n = 0;
    await flood(
      peer,
      () => {
        const { id } = requests.open();
        const extra = requestBlock(UNARY, [[`x-${n++}`, `${n}`.repeat(200)]]);
        return frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, id, extra);
      },
      5000,
    );
    await eventually('answers', () => peer.closed || peer.frames.length >= 2000);
    peer.destroy();
  });
});
