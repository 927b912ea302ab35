import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { Flag, frame, grpcMessage, headerBlock, Type } from '../support/frames.js';
import { RawBackends } from '../support/raw-backends.js';
import type { RawPeer } from '../support/raw-peer.js';
import { bytesField } from '../support/wire.js';

const UNAVAILABLE = 14;
const INTERNAL = 13;
const STREAM_WINDOW = 65_535;
/** An answer longer than half a window is forwarded before it is whole; see first-responder.ts. */
const UNDER = 20_000;
const OVER = 40_000;
const FRAME = 10_000;

/** The head of an answer and the first bytes of its one message. */
function begin(peer: RawPeer, stream: number, bytes: number): void {
  peer.send(frame(Type.HEADERS, Flag.END_HEADERS, stream, headerBlock([[':status', '200']])));
  const message = grpcMessage(bytesField(2, Buffer.alloc(2 * STREAM_WINDOW)));
  for (let at = 0; at < bytes; at += FRAME) peer.send(frame(Type.DATA, 0, stream, message.subarray(at, at + FRAME)));
}

/** What ends an answer, and the status that says so to a client that has had a part of it. */
const ends: readonly (readonly [string, (peer: RawPeer) => void, number])[] = [
  ['whose connection is lost', (peer) => peer.destroy(), UNAVAILABLE],
  ['that resets its stream', (peer) => peer.reset(1, 2), INTERNAL],
  ['that ends it without trailers', (peer) => peer.halfClose(1), INTERNAL],
];

describe('an answer that is cut off', { concurrency: 2 }, () => {
  for (const [what, end, status] of ends) {
    test(`unary, a replica ${what} before anything was forwarded: the other one answers`, async (t) => {
      const raw = await RawBackends.start(t, 'active_active', 2, {});
      const call = raw.client.call('Unary', { key: 'k' });
      const [first, second] = [await raw.peer(0, 0), await raw.peer(1, 0)];
      await Promise.all([first.untilHalfClosed(1), second.untilHalfClosed(1)]);
      begin(first, 1, UNDER);
      end(first);
      second.answer(1);
      const { code, details, messages } = await call;
      assert.equal(code, 0, details);
      assert.equal(messages.length, 1);
    });

    test(`unary, a replica ${what} after a part was forwarded: its failure is the answer, and no other message`, async (t) => {
      const raw = await RawBackends.start(t, 'active_active', 2, {});
      const call = raw.client.open('Unary').send({ key: 'k' }).halfClose();
      const [first, second] = [await raw.peer(0, 0), await raw.peer(1, 0)];
      await Promise.all([first.untilHalfClosed(1), second.untilHalfClosed(1)]);
      begin(first, 1, OVER);
      await eventually('the client has the headers', () => call.headers !== undefined);
      second.answer(1);
      end(first);
      const { code, details, messages } = await call.outcome;
      assert.equal(code, status, details);
      assert.equal(messages.length, 0);
    });
  }
});
