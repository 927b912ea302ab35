import { after, before, test } from 'node:test';
import { data, target, UNARY, underAttack, untilSentAway } from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { frame, PREFACE, Type, uint32 } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

const PROTOCOL_ERROR = 1;
const FRAME_SIZE_ERROR = 6;
const COMPRESSION_ERROR = 9;
const TIMES = 20;

let bed: Bed;

before(async () => {
  bed = await Bed.start(target());
});

after(() => bed.stop());

const settings = frame(Type.SETTINGS, 0, 0);
const hello = Buffer.concat([PREFACE, settings]);
const http1 = Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
const tlsHello = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, ...Array.from({ length: 300 }, (_, i) => i & 255)]);

for (const [what, code, bytes] of [
  ['HTTP/1.1', PROTOCOL_ERROR, http1],
  ['a TLS hello', PROTOCOL_ERROR, tlsHello],
  ['octets of no meaning', PROTOCOL_ERROR, Buffer.alloc(1000, 0xa5)],
  ['a preface with one wrong octet', PROTOCOL_ERROR, Buffer.concat([PREFACE.subarray(0, 23), Buffer.of(0)])],
  [
    'a first frame that is not SETTINGS',
    PROTOCOL_ERROR,
    Buffer.concat([PREFACE, frame(Type.PING, 0, 0, Buffer.alloc(8))]),
  ],
  ['octets of no meaning after the preface', FRAME_SIZE_ERROR, Buffer.concat([hello, Buffer.alloc(1000, 0xa5)])],
  ['a frame over the limit', FRAME_SIZE_ERROR, Buffer.concat([hello, data(1, Buffer.alloc(16_385))])],
  ['DATA on a stream that was never opened', PROTOCOL_ERROR, Buffer.concat([hello, data(99, Buffer.alloc(1))])],
  [
    'RST_STREAM of a stream that was never opened',
    PROTOCOL_ERROR,
    Buffer.concat([hello, frame(Type.RST_STREAM, 0, 99, uint32(8))]),
  ],
  ['an even stream', PROTOCOL_ERROR, Buffer.concat([hello, frame(Type.HEADERS, 5, 2, Buffer.of(0x82, 0x86, 0x84))])],
  ['PUSH_PROMISE', PROTOCOL_ERROR, Buffer.concat([hello, frame(Type.PUSH_PROMISE, 4, 1, uint32(2))])],
  ['CONTINUATION of nothing', PROTOCOL_ERROR, Buffer.concat([hello, frame(Type.CONTINUATION, 4, 1)])],
  [
    'a header block that cannot be decoded',
    COMPRESSION_ERROR,
    Buffer.concat([hello, frame(Type.HEADERS, 5, 1, Buffer.alloc(20, 0xff))]),
  ],
] as const) {
  test(`${what}: the connection ends, with the right error code`, async () => {
    await underAttack(
      bed,
      async () => {
        for (let i = 0; i < TIMES; i++) {
          const peer = await RawPeer.dialWith(bed.port, bytes);
          await untilSentAway(peer, code);
        }
      },
      'protocolErrors',
    );
  });
}

test('random octets after a good call, from many connections', async () => {
  let seed = 12345;
  const random = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 16) & 255;
  };
  await underAttack(bed, async () => {
    for (let i = 0; i < 50; i++) {
      const peer = await RawPeer.dial(bed.port);
      peer.request(1, UNARY);
      peer.send(Buffer.from(Array.from({ length: 3 }, () => 0)), Buffer.from(Array.from({ length: 2000 }, random)));
      setTimeout(() => peer.destroy(), 500);
    }
  });
});
