import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EchoClient } from '../support/client.js';
import { delay, eventually } from '../support/eventually.js';
import { frame, Type } from '../support/frames.js';
import { oneReplica } from '../support/one-replica.js';
import { RawPeer } from '../support/raw-peer.js';

const UNARY = '/afrouter.test.Echo/Unary';
const BIDI = '/afrouter.test.Echo/Bidi';
const NEWEST = 0x7fffffff;

describe('keep-alive', { concurrency: true }, () => {
  const it = oneReplica({ AFROUTER_KEEPALIVE_MS: '1000', AFROUTER_KEEPALIVE_TIMEOUT_MS: '1000' });

  test('a client that answers is pinged again and again, and keeps its connection', async () => {
    const peer = await RawPeer.dial(it.bed.port);
    await eventually('three PINGs', () => peer.pings.length >= 3);
    const payloads = peer.pings.map(({ payload }) => payload.toString('hex'));
    assert.equal(new Set(payloads).size, payloads.length, 'each PING can be told from the others');
    peer.call(1, UNARY);
    await peer.untilAnswered(1);
    assert.deepEqual(peer.lastIds, []);
    peer.destroy();
  });

  test('a client that has vanished without a word is found: its connection is closed and its call cancelled', async () => {
    const peer = await RawPeer.dial(it.bed.port);
    peer.request(1, BIDI);
    const call = await eventually('the replica has the call', () => it.bed.replica('r1').callsOf('Bidi')[0]);
    peer.silent = true;
    await peer.untilClosed();
    await eventually('the call is cancelled', () => call.cancelled);
    assert.equal(peer.pings.length >= 1, true);
  });

  test('any frame is a sign of life, also while a PING is not answered', async () => {
    const peer = await RawPeer.dial(it.bed.port);
    peer.silent = true;
    await peer.untilFrame('SETTINGS', ({ type }) => type === Type.SETTINGS);
    const chatter = setInterval(() => peer.send(frame(Type.WINDOW_UPDATE, 0, 0, Buffer.from([0, 0, 0, 1]))), 200);
    await delay(4500);
    clearInterval(chatter);
    assert.equal(peer.closed, false);
    peer.destroy();
  });
});

describe('idle time-out', { concurrency: true }, () => {
  const it = oneReplica({ AFROUTER_IDLE_TIMEOUT_MS: '2000', AFROUTER_KEEPALIVE_TIMEOUT_MS: '1000' });

  test('a client without calls is sent away in two steps, and the connection closes', async () => {
    const peer = await RawPeer.dial(it.bed.port);
    await peer.untilClosed();
    assert.deepEqual(peer.lastIds, [NEWEST, 0]);
  });

  test('a client with a call is not idle', async () => {
    const peer = await RawPeer.dial(it.bed.port);
    peer.request(1, BIDI);
    await delay(4500);
    assert.deepEqual(peer.lastIds, []);
    peer.halfClose(1);
    await peer.untilAnswered(1);
    await peer.untilClosed();
    assert.deepEqual(peer.lastIds, [NEWEST, 1]);
  });

  test('a client that does not answer the PING is sent away all the same', async () => {
    const peer = await RawPeer.dial(it.bed.port);
    await peer.untilFrame('SETTINGS', ({ type }) => type === Type.SETTINGS);
    peer.silent = true;
    await peer.untilClosed();
    assert.deepEqual(peer.lastIds, [NEWEST, 0]);
  });

  test('a gRPC client that was sent away calls on', async () => {
    const client = new EchoClient(it.bed.port);
    for (let i = 0; i < 2; i++) {
      assert.equal((await client.call('Unary', { key: 'idle' })).code, 0);
      await delay(3500);
    }
    assert.equal((await client.call('Unary', { key: 'idle' })).code, 0);
    client.stop();
  });
});
