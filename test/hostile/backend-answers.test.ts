import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { data, flood, repeated, underAttack } from '../support/attack.js';
import { delay } from '../support/eventually.js';
import { Flag, frame, grpcMessage, headerBlock, Type, uint32 } from '../support/frames.js';
import { type Answer, HostileBackend, NO_STATUS } from '../support/hostile-backend.js';

let bed: HostileBackend;

before(async () => {
  bed = await HostileBackend.start({ AFROUTER_MAX_MESSAGE_BYTES: '1000000' });
});

after(() => bed.stop());

const OK = headerBlock([
  [':status', '200'],
  ['content-type', 'application/grpc'],
]);
const headers = (stream: number, block: Buffer, flags: number = Flag.END_HEADERS) =>
  frame(Type.HEADERS, flags, stream, block);

/** 13 KB that unfold into 30 MB. */
function bomb(): Buffer {
  const literal = headerBlock([['x-bomb', 'b'.repeat(3000)]]);
  literal[0] = 0x40;
  return Buffer.concat([literal, Buffer.alloc(10_000, 0x80 | 62)]);
}

const answers: readonly (readonly [
  what: string,
  limit: string | undefined,
  codes: readonly number[],
  answer: Answer,
])[] = [
  [
    'headers without end',
    'continuations',
    [14],
    (peer, s) => {
      peer.send(headers(s, OK, 0));
      void flood(peer, repeated(frame(Type.CONTINUATION, 0, s), 100), 100);
    },
  ],
  [
    'trailers without end',
    'headerBlockBytes',
    [14],
    (peer, s) => {
      peer.send(headers(s, OK), headers(s, Buffer.alloc(0), Flag.END_STREAM));
      void flood(peer, frame(Type.CONTINUATION, 0, s, Buffer.alloc(16_384)), 100);
    },
  ],
  [
    'an HPACK bomb in its headers',
    'headerListsOversized',
    [14],
    (peer, s) => peer.send(headers(s, Buffer.concat([OK, bomb()]))),
  ],
  [
    'an HPACK bomb in its trailers',
    'headerListsOversized',
    [14],
    (peer, s) => peer.send(headers(s, OK), headers(s, bomb(), Flag.END_HEADERS | Flag.END_STREAM)),
  ],
  [
    'a header list over the limit',
    'headerListsOversized',
    [13],
    (peer, s) => peer.send(headers(s, Buffer.concat([OK, Buffer.alloc(300, 0x88)]))),
  ],
  [
    'a window that overflows',
    undefined,
    [13],
    (peer, s) => peer.send(...Array.from({ length: 2 }, () => frame(Type.WINDOW_UPDATE, 0, s, uint32(0x7fffffff)))),
  ],
  [
    'a connection window that overflows',
    'protocolErrors',
    [14],
    (peer) => peer.send(frame(Type.WINDOW_UPDATE, 0, 0, uint32(0x7fffffff))),
  ],
  ['a response on a stream that nobody opened', 'protocolErrors', [14], (peer) => peer.send(headers(999_999, OK))],
  ['a response on a stream of its own', 'protocolErrors', [14], (peer) => peer.send(headers(2, OK))],
  [
    'a message that lies about its length',
    undefined,
    [8],
    (peer, s) => peer.send(headers(s, OK), data(s, Buffer.concat([Buffer.of(0), uint32(0xffffffff)]))),
  ],
  [
    'a message marked compressed that is not',
    undefined,
    [NO_STATUS, 12, 13],
    (peer, s) =>
      peer.send(
        headers(s, OK),
        data(s, grpcMessage(Buffer.alloc(10), 1)),
        headers(s, headerBlock([['grpc-status', '0']]), Flag.END_HEADERS | Flag.END_STREAM),
      ),
  ],
];

for (const [what, limit, codes, answer] of answers) {
  test(`a backend that sends ${what} hurts only its own calls`, async () => {
    await underAttack(
      bed,
      async () => {
        bed.answer = answer;
        for (let i = 0; i < 5; i++) {
          await bed.untilOpen();
          const code = await bed.status();
          // Its connection may still be coming back from the call before.
          assert.ok(codes.includes(code) || code === 14, `status ${code}`);
        }
      },
      limit,
    );
  });
}

test('a backend that sends without end beyond its window, to clients that do not read, fills nothing', async () => {
  await bed.untilOpen();
  await underAttack(bed, async () => {
    bed.answer = (peer, s) => {
      peer.send(headers(s, OK));
      void flood(peer, data(s, Buffer.alloc(16_384)), 2000);
    };
    const calls = Array.from({ length: 50 }, () => bed.client.open('Receive').send({ key: 'k' }).halfClose());
    for (const { stream } of calls) stream.pause();
    await delay(1000);
    for (const call of calls) call.cancel();
    await Promise.all(calls.map(({ outcome }) => outcome));
  });
});

test('a backend that never reads costs the windows of its calls', async () => {
  await bed.untilOpen();
  await underAttack(bed, async () => {
    bed.answer = () => {};
    const { peer } = bed;
    peer.socket.pause();
    const calls = Array.from({ length: 200 }, () =>
      bed.client
        .open('Get', { deadlineMs: 3000 })
        .send({ payload: Buffer.alloc(500_000) })
        .halfClose(),
    );
    const outcomes = await Promise.all(calls.map(({ outcome }) => outcome));
    assert.ok(outcomes.every(({ code }) => code === 4 || code === 14));
    peer.destroy();
  });
});
