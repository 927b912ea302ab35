import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { delay, eventually } from '../support/eventually.js';
import { Flag, type Frame, frame, Type, uint32 } from '../support/frames.js';
import { MESSAGE, RawBed } from '../support/raw-bed.js';

/** The router as an HTTP/2 client: what a backend's SETTINGS say is what it does. */

function settings(...pairs: [number, number][]): Buffer {
  return Buffer.concat(
    pairs.map(([id, value]) => {
      const bytes = Buffer.alloc(6);
      bytes.writeUInt16BE(id, 0);
      bytes.writeUInt32BE(value, 2);
      return bytes;
    }),
  );
}

let bed: RawBed;
before(async () => {
  // No header table, one stream at a time, no stream window.
  bed = await RawBed.start(settings([1, 0], [3, 1], [4, 0], [5, 2 ** 24 - 1]));
});
after(() => bed.stop());

const ofType = (type: number): Frame[] => bed.backend.peers[0]!.frames.filter((each) => each.type === type);

test('it opens with SETTINGS that switch push off, and acknowledges the backend’s', async () => {
  const [first] = bed.backend.peers[0]!.frames;
  assert.equal(first!.type, Type.SETTINGS);
  const entries = new Map<number, number>();
  for (let at = 0; at < first!.payload.length; at += 6) {
    entries.set(first!.payload.readUInt16BE(at), first!.payload.readUInt32BE(at + 2));
  }
  assert.equal(entries.get(2), 0);
  await eventually('SETTINGS ACK', () => ofType(Type.SETTINGS).some(({ flags }) => flags === Flag.ACK));
});

test('it sends no DATA without window, then as much as there is, on one stream at a time', async () => {
  const calls = [bed.client.call('Unary', { key: 'k' }), bed.client.call('Unary', { key: 'k' })];
  const peer = bed.backend.peers[0]!;
  const [head] = await eventually('a request', () => ofType(Type.HEADERS).length > 0 && ofType(Type.HEADERS));
  await delay(50);
  assert.equal(ofType(Type.HEADERS).length, 1, 'the second call waits for its turn');
  assert.equal(ofType(Type.DATA).length, 0);
  assert.equal(head!.payload[0]! & 0xe0, 0x20, 'the block begins with the table size update');

  peer.send(frame(Type.WINDOW_UPDATE, 0, head!.stream, uint32(3)));
  const piece = await peer.untilFrame('DATA', ({ type }) => type === Type.DATA);
  assert.equal(piece.payload.length, 3);

  // A window that became smaller than what has been sent is negative: 5 more make it 2, not 5.
  peer.send(frame(Type.SETTINGS, 0, 0, settings([4, 2])));
  await eventually('DATA again', () => ofType(Type.DATA).length === 2);
  peer.send(frame(Type.SETTINGS, 0, 0, settings([4, 0])));
  peer.send(frame(Type.WINDOW_UPDATE, 0, head!.stream, uint32(1)));
  await delay(50);
  const sent = () => ofType(Type.DATA).reduce((sum, { payload }) => sum + payload.length, 0);
  assert.ok(sent() <= 6, `sent ${sent()} of a window of 3 + 2 + 1`);

  peer.send(frame(Type.SETTINGS, 0, 0, settings([4, 65_535])));
  const outcomes = await Promise.all(calls);
  assert.deepEqual(
    outcomes.map(({ code }) => code),
    [0, 0],
  );
  assert.equal(ofType(Type.HEADERS).length, 2);
  assert.equal(sent(), 2 * MESSAGE.length);
});

test('its streams have odd ids that only grow', () => {
  const ids = ofType(Type.HEADERS).map(({ stream }) => stream);
  assert.deepEqual(ids, [1, 3]);
});

test('no frame is larger than 16384 octets, whatever the backend would take', async () => {
  const { code } = await bed.client.call('Unary', { payload: Buffer.alloc(60_000) });
  assert.equal(code, 0);
  assert.ok(ofType(Type.DATA).every(({ payload }) => payload.length <= 16_384));
});
