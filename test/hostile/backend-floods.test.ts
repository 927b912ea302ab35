import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { data, flood, repeated, underAttack } from '../support/attack.js';
import { eventually } from '../support/eventually.js';
import { Flag, frame, headerBlock, Type, uint32 } from '../support/frames.js';
import { HostileBackend } from '../support/hostile-backend.js';
import type { RawPeer } from '../support/raw-peer.js';

const FRAMES = 40_000;
const A_WRITE = 200;

let bed: HostileBackend;

before(async () => {
  bed = await HostileBackend.start();
});

after(() => bed.stop());

const interim = (stream: number) => frame(Type.HEADERS, Flag.END_HEADERS, stream, headerBlock([[':status', '103']]));

for (const [what, limit, one] of [
  ['SETTINGS', 'settings', () => frame(Type.SETTINGS, 0, 0)],
  ['GOAWAY', 'settings', () => frame(Type.GOAWAY, 0, 0, Buffer.concat([uint32(0x7fffffff), uint32(0)]))],
  ['PING', 'pings', () => frame(Type.PING, 0, 0, Buffer.alloc(8))],
  ['empty DATA', 'emptyFrames', (stream: number) => data(stream, Buffer.alloc(0))],
  ['WINDOW_UPDATE', 'windowUpdates', (stream: number) => frame(Type.WINDOW_UPDATE, 0, stream, uint32(1))],
  ['PRIORITY', 'priorities', () => frame(Type.PRIORITY, 0, 1, Buffer.alloc(5))],
  ['frames of an unknown type', 'unknownFrames', () => frame(0x42, 0, 0, Buffer.alloc(8))],
  ['interim responses', 'interimResponses', interim],
] as const) {
  test(`a backend that floods us with ${what} loses its connection and its calls, nothing else`, async () => {
    await bed.untilOpen();
    await underAttack(
      bed,
      async () => {
        const attacks: { done?: Promise<void>; peer?: RawPeer } = {};
        bed.answer = (peer, stream) => {
          const headers = frame(Type.HEADERS, Flag.END_HEADERS, stream, headerBlock([[':status', '200']]));
          if (limit === 'emptyFrames') peer.send(headers);
          attacks.peer = peer;
          attacks.done = flood(peer, repeated(one(stream), A_WRITE), FRAMES / A_WRITE);
        };
        assert.notEqual(await bed.status(), 0);
        await attacks.done;
        await eventually('its connection is closed', () => attacks.peer!.closed);
      },
      limit,
    );
    await bed.untilOpen();
  });
}

test('a backend that resets every stream keeps its connection: we opened no more than it resets', async () => {
  await bed.untilOpen();
  const { peer } = bed;
  bed.answer = (from, stream) => from.reset(stream, 2);
  await underAttack(bed, async () => {
    for (let i = 0; i < 60; i++) {
      const codes = await Promise.all(Array.from({ length: 50 }, () => bed.status()));
      assert.deepEqual([...new Set(codes)], [13]);
    }
  });
  assert.equal(peer.closed, false);
});
