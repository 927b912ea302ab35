import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EchoClient } from '../support/client.js';
import { delay, eventually } from '../support/eventually.js';
import { Flag, frame, Type } from '../support/frames.js';
import { oneReplica } from '../support/one-replica.js';
import { RawPeer } from '../support/raw-peer.js';

const UNARY = '/afrouter.test.Echo/Unary';
const BIDI = '/afrouter.test.Echo/Bidi';
const UNAVAILABLE = 14;
const NEWEST = 0x7fffffff;

describe('max connection age', { concurrency: true }, () => {
  const it = oneReplica({ AFROUTER_MAX_CONNECTION_AGE_MS: '2000', AFROUTER_MAX_CONNECTION_AGE_GRACE_MS: '3000' });

  test('two steps, frame by frame: 2^31-1, PING, and after its answer the true last id; what came between is served', async () => {
    const peer = await RawPeer.dial(it.bed.port);
    peer.request(1, BIDI);
    await peer.untilFrame('SETTINGS', ({ type }) => type === Type.SETTINGS);
    await delay(100);
    peer.silent = true;
    await eventually('a PING', () => peer.pings.length > 0);
    assert.deepEqual(peer.lastIds, [NEWEST]);
    peer.call(3, UNARY);
    await peer.untilAnswered(3);
    assert.deepEqual(peer.lastIds, [NEWEST], 'the second step waits for the answer');
    const ping = peer.pings[0]!;
    peer.send(frame(Type.PING, Flag.ACK, 0, ping.payload));
    await eventually('the second step', () => peer.lastIds.length === 2);
    assert.deepEqual(peer.lastIds, [NEWEST, 3]);
    peer.call(5, UNARY);
    peer.halfClose(1);
    await peer.untilAnswered(1);
    await peer.untilClosed();
    assert.equal(
      peer.frames.some(({ stream }) => stream === 5),
      false,
      'a stream above the last id is ignored',
    );
    const order = peer.frames
      .filter((each) => each.type === Type.GOAWAY || peer.pings.includes(each))
      .map(({ type }) => type);
    assert.deepEqual(order, [Type.GOAWAY, Type.PING, Type.GOAWAY]);
  });

  test('a call that lasts longer than the grace ends with UNAVAILABLE, not with a closed socket', async () => {
    const client = new EchoClient(it.bed.port);
    const call = client.open('Bidi').send({ key: 'aged' });
    await call.untilMessages(1);
    const { code, details } = await call.outcome;
    assert.equal(code, UNAVAILABLE);
    assert.match(details, /AFROUTER_MAX_CONNECTION_AGE_MS/);
    await eventually('the replica is told', () => it.bed.callsWithKey('aged')[0]!.cancelled);
    client.stop();
  });

  test('calls one after another across several ages: none fails', async () => {
    // As gRPC clients are by default: what the client itself refuses while it learns of the GOAWAY, it sends again.
    const client = new EchoClient(it.bed.port, undefined, { 'grpc.enable_retries': 1 });
    const end = performance.now() + 6000;
    while (performance.now() < end) {
      const { code, details } = await client.call('Unary', { key: 'across', plan: { delayMs: 20 } });
      assert.equal(code, 0, details);
    }
    client.stop();
  });
});

describe('max stream age', { concurrency: true }, () => {
  const it = oneReplica({ AFROUTER_MAX_STREAM_AGE_MS: '1500' });

  for (const [what, answers] of [
    ['that has been answering', 1],
    ['that has had no answer yet', 0],
  ] as const) {
    test(`a call ${what} ends with UNAVAILABLE in its trailers; the connection stays`, async () => {
      const key = `endless-${answers}`;
      const call = it.bed.client.open('Bidi').send({ key, plan: { hang: answers === 0 } });
      if (answers > 0) await call.untilMessages(answers);
      const { code, details, headers } = await call.outcome;
      assert.equal(code, UNAVAILABLE);
      assert.match(details, /AFROUTER_MAX_STREAM_AGE_MS/);
      assert.equal(headers !== undefined, answers > 0);
      await eventually('the replica is told', () => it.bed.callsWithKey(key)[0]!.cancelled);
      assert.equal((await it.bed.client.call('Unary', { key: 'on' })).code, 0);
    });
  }

  test('the age is that of the stream, not of the connection', async () => {
    const peer = await RawPeer.dial(it.bed.port);
    for (let stream = 1; stream <= 7; stream += 2) {
      peer.call(stream, UNARY);
      await peer.untilAnswered(stream);
      await delay(600);
    }
    assert.deepEqual(peer.lastIds, []);
    assert.equal(
      peer.frames.some(({ type }) => type === Type.RST_STREAM),
      false,
    );
    peer.destroy();
  });
});
