import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  data,
  ENHANCE_YOUR_CALM,
  flood,
  Requests,
  resets,
  target,
  UNARY,
  underAttack,
  untilSentAway,
} from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { Flag, frame, Type, uint32 } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

const STREAMS = 4000;
/** The default: 100 at once, half of it again after the first GOAWAY, 10 a second. */
const MOST_RESET = 500;

const PROTOCOL_ERROR = 1;
const FLOW_CONTROL_ERROR = 3;
const STREAM_CLOSED = 5;
const FRAME_SIZE_ERROR = 6;

let bed: Bed;

before(async () => {
  bed = await Bed.start(target());
});

after(() => bed.stop());

/** What makes a server reset a stream, and the error code that it has to use (RFC 9113). */
const ways: readonly (readonly [what: string, code: number, flags: number, fault: (id: number) => Buffer])[] = [
  ['a WINDOW_UPDATE of 0', PROTOCOL_ERROR, 0, (id) => frame(Type.WINDOW_UPDATE, 0, id, uint32(0))],
  [
    'a WINDOW_UPDATE that overflows',
    FLOW_CONTROL_ERROR,
    0,
    (id) => frame(Type.WINDOW_UPDATE, 0, id, uint32(0x7fffffff)),
  ],
  ['DATA after END_STREAM', STREAM_CLOSED, Flag.END_STREAM, (id) => data(id, Buffer.alloc(1))],
  [
    'HEADERS after END_STREAM',
    STREAM_CLOSED,
    Flag.END_STREAM,
    (id) => frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, id),
  ],
  ['a PRIORITY of a wrong size', FRAME_SIZE_ERROR, 0, (id) => frame(Type.PRIORITY, 0, id, Buffer.alloc(4))],
  [
    'a stream that depends on itself',
    PROTOCOL_ERROR,
    0,
    (id) => frame(Type.PRIORITY, 0, id, Buffer.concat([uint32(id), Buffer.of(1)])),
  ],
  ['a second header block that ends nothing', PROTOCOL_ERROR, 0, (id) => frame(Type.HEADERS, Flag.END_HEADERS, id)],
];

for (const [what, code, flags, fault] of ways) {
  test(`MadeYouReset (CVE-2025-8671) by ${what}: sent away, then closed`, async () => {
    const callsBefore = bed.replica('r1').calls.length;
    await underAttack(
      bed,
      async () => {
        const peer = await RawPeer.dial(bed.port);
        const requests = new Requests(UNARY);
        const chunk = () => {
          const { id, bytes } = requests.open(flags);
          return Buffer.concat([bytes, fault(id)]);
        };
        await flood(peer, chunk, STREAMS);
        await untilSentAway(peer, ENHANCE_YOUR_CALM);
        assert.ok(resets(peer).size <= MOST_RESET, `${resets(peer).size} streams reset`);
        assert.ok(
          [...resets(peer).values()].every((seen) => seen === code),
          'the right error code',
        );
      },
      'faults',
    );
    const taken = bed
      .replica('r1')
      .calls.slice(callsBefore)
      .filter(({ requests }) => requests.length === 0).length;
    assert.ok(taken <= MOST_RESET, `${taken} streams reached the replica`);
  });
}
