import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Admin } from '../support/admin.js';
import { delay, eventually } from '../support/eventually.js';
import { frame, Type, uint32 } from '../support/frames.js';
import { freePort } from '../support/free-ports.js';
import { RawBackends } from '../support/raw-backends.js';

const UNAVAILABLE = 14;
const REFUSED_STREAM = 7;
const INTERNAL_ERROR = 2;
/** Only one test waits in vain. */
const SHORT_WAIT_MS = 4000;
const REPLAY_LIMIT = 20_000;

const SETTINGS = {
  AFROUTER_RETRY_WAIT_MS: '15000',
  AFROUTER_REPLAY_LIMIT: String(REPLAY_LIMIT),
};

describe('GOAWAY and REFUSED_STREAM of a backend', { concurrency: 3 }, () => {
  test('streams above the last id are sent again on the next session, once; those up to it are not', async (t) => {
    const raw = await RawBackends.start(t, 'server', 1, SETTINGS);
    const { client } = raw;
    const first = await raw.peer(0, 0);
    const one = client.call('Unary', { key: 'one' });
    await first.untilHalfClosed(1);
    const two = client.call('Unary', { key: 'two', payload: Buffer.alloc(10_000, 2) });
    const three = client.open('Bidi').send({ key: 'three' }, { key: 'more' });
    await first.untilHalfClosed(3);
    await eventually('the third has both messages', () => first.bodyOf(5).includes('more'));
    first.goaway(1);
    const second = await raw.peer(0, 1);
    await second.untilHalfClosed(1);
    assert.deepEqual(second.bodyOf(1), first.bodyOf(3), 'the whole request, unchanged');
    await eventually('the third is there again', () => second.bodyOf(3).equals(first.bodyOf(5)));
    three.send({ key: 'last' }).halfClose();
    await second.untilHalfClosed(3);
    assert.ok(second.bodyOf(3).includes('last'));
    first.answer(1);
    second.answer(1);
    second.answer(3);
    for (const { code, details } of [await one, await two, await three.outcome]) assert.equal(code, 0, details);
    assert.deepEqual(first.opened, [1, 3, 5]);
    assert.deepEqual(second.opened, [1, 3]);
    await first.untilClosed();
  });

  test('GOAWAY in two steps: the second sends what is above it to the next session', async (t) => {
    const raw = await RawBackends.start(t, 'server', 1, SETTINGS);
    const { client } = raw;
    const first = await raw.peer(0, 0);
    const call = client.call('Unary', { key: 'k' });
    await first.untilHalfClosed(1);
    first.goaway(0x7fffffff);
    const second = await raw.peer(0, 1);
    await second.untilFrame('SETTINGS', ({ type }) => type === Type.SETTINGS);
    assert.deepEqual(second.opened, []);
    first.goaway(0);
    await second.untilHalfClosed(1);
    second.answer(1);
    assert.equal((await call).code, 0);
  });

  test('REFUSED_STREAM: sent again at once', async (t) => {
    const raw = await RawBackends.start(t, 'server', 1, SETTINGS);
    const { client } = raw;
    const peer = await raw.peer(0, 0);
    const call = client.call('Unary', { key: 'k' });
    await peer.untilHalfClosed(1);
    peer.reset(1, REFUSED_STREAM);
    await peer.untilHalfClosed(3);
    assert.deepEqual(peer.bodyOf(3), peer.bodyOf(1));
    peer.answer(3);
    assert.equal((await call).code, 0);
  });

  test('a call that is refused again and again ends with UNAVAILABLE', async (t) => {
    const raw = await RawBackends.start(t, 'server', 1, SETTINGS);
    const { client } = raw;
    const peer = await raw.peer(0, 0);
    peer.onFrame = ({ type, stream }) => {
      if (type === Type.HEADERS) peer.reset(stream, REFUSED_STREAM);
    };
    assert.equal((await client.call('Unary', { key: 'k' })).code, UNAVAILABLE);
    assert.deepEqual(peer.opened, [1, 3, 5, 7]);
  });

  test('a call that the backend has begun to take is never sent again, whatever the backend says', async (t) => {
    const raw = await RawBackends.start(t, 'server', 1, SETTINGS);
    const { client } = raw;
    const peer = await raw.peer(0, 0);
    const call = client.call('Unary', { key: 'k' });
    await peer.untilHalfClosed(1);
    peer.send(frame(Type.WINDOW_UPDATE, 0, 1, uint32(100)));
    peer.reset(1, REFUSED_STREAM);
    assert.equal((await call).code, UNAVAILABLE);
    assert.deepEqual(peer.opened, [1]);
  });

  test('a request over the replay limit ends with UNAVAILABLE', async (t) => {
    const raw = await RawBackends.start(t, 'server', 1, SETTINGS);
    const { client } = raw;
    const peer = await raw.peer(0, 0);
    const call = client.call('Unary', { key: 'k', payload: Buffer.alloc(REPLAY_LIMIT + 1) });
    await peer.untilHalfClosed(1);
    peer.reset(1, REFUSED_STREAM);
    assert.equal((await call).code, UNAVAILABLE);
    assert.deepEqual(peer.opened, [1]);
  });

  test('calls that wait for the backend’s stream limit go to the next session', async (t) => {
    const raw = await RawBackends.start(t, 'server', 1, SETTINGS, 1);
    const { client } = raw;
    const first = await raw.peer(0, 0);
    const calls = ['a', 'b', 'c'].map((key) => client.call('Unary', { key }));
    await first.untilHalfClosed(1);
    raw.maxStreams = undefined;
    first.goaway(1);
    const second = await raw.peer(0, 1);
    await second.untilHalfClosed(3);
    first.answer(1);
    second.answer(1);
    second.answer(3);
    for (const { code, details } of await Promise.all(calls)) assert.equal(code, 0, details);
    assert.deepEqual(first.opened, [1]);
  });

  test('new calls wait for a backend that took leave in order, but not for ever', async (t) => {
    const raw = await RawBackends.start(t, 'server', 1, {
      AFROUTER_RETRY_WAIT_MS: String(SHORT_WAIT_MS),
    });
    const { client } = raw;
    await raw.leave(0, 0, 0);
    const waits = client.call('Unary', { key: 'waits' });
    await delay(300);
    await raw.reopen(0);
    const second = await raw.peer(0, 0);
    await second.untilHalfClosed(1);
    second.answer(1);
    assert.equal((await waits).code, 0);

    const goneAt = performance.now();
    await raw.leave(0, 0, 0x7fffffff);
    const { code, details } = await client.call('Unary', { key: 'in vain' });
    assert.equal(code, UNAVAILABLE);
    assert.match(details, /r0 did not come back within 4000 ms/);
    assert.ok(performance.now() - goneAt > SHORT_WAIT_MS);
    const before = performance.now();
    assert.equal((await client.call('Unary', { key: 'at once' })).code, UNAVAILABLE);
    assert.ok(performance.now() - before < SHORT_WAIT_MS);
  });

  test('nobody waits for a backend that says GOAWAY because of an error, and what it did not process is sent again', async (t) => {
    const raw = await RawBackends.start(t, 'server', 1, SETTINGS);
    const { client } = raw;
    const first = await raw.peer(0, 0);
    const call = client.call('Unary', { key: 'k' });
    await first.untilHalfClosed(1);
    await raw.leave(0, 0, 0, INTERNAL_ERROR);
    assert.equal((await client.call('Unary', { key: 'new' })).code, UNAVAILABLE);
    await raw.reopen(0);
    const second = await raw.peer(0, 0);
    await second.untilHalfClosed(1);
    second.answer(1);
    assert.equal((await call).code, 0);
  });

  test('round robin prefers a backend that is there to one that is about to be back', async (t) => {
    const raw = await RawBackends.start(t, 'server', 2, SETTINGS);
    const { client } = raw;
    const other = await raw.peer(1, 0);
    other.onFrame = ({ type, stream }) => {
      if (type === Type.DATA) other.answer(stream);
    };
    await raw.leave(0, 0, 0);
    for (let i = 0; i < 4; i++) assert.equal((await client.call('Unary', { key: 'k' })).code, 0);
    assert.equal(other.opened.length, 4);
  });

  test('replicas: the one that took leave gets the call on its next session, and its answer counts', async (t) => {
    const raw = await RawBackends.start(t, 'active_active', 2, SETTINGS);
    const { client } = raw;
    const [a, b] = [await raw.peer(0, 0), await raw.peer(1, 0)];
    const call = client.call('Unary', { key: 'k' });
    await a.untilHalfClosed(1);
    await b.untilHalfClosed(1);
    a.goaway(0);
    const again = await raw.peer(0, 1);
    await again.untilHalfClosed(1);
    assert.deepEqual(again.bodyOf(1), b.bodyOf(1));
    again.answer(1);
    assert.equal((await call).code, 0);
    assert.deepEqual(again.opened, [1], 'not caught up a second time');
  });

  test('replicas: when all took leave the call waits for the first to be back', async (t) => {
    const raw = await RawBackends.start(t, 'active_active', 2, SETTINGS);
    const { client } = raw;
    const [a, b] = [await raw.peer(0, 0), await raw.peer(1, 0)];
    const call = client.call('ServerStream', { key: 'k' });
    await a.untilHalfClosed(1);
    await b.untilHalfClosed(1);
    a.goaway(0);
    b.goaway(0);
    for (const server of [0, 1]) {
      const again = await raw.peer(server, 1);
      await again.untilHalfClosed(1);
      again.answer(1);
    }
    const { code, messages } = await call;
    assert.equal(code, 0);
    assert.equal(messages.length, 2);
  });

  for (const method of ['Unary', 'ClientStream']) {
    test(`replicas: a new ${method} call while all are away is sent to each when it is back`, async (t) => {
      const adminPort = await freePort();
      const admin = new Admin(adminPort);
      const raw = await RawBackends.start(t, 'active_active', 2, {
        ...SETTINGS,
        AFROUTER_ADMIN_PORT: String(adminPort),
      });
      for (const server of [0, 1]) await raw.leave(server, 0, 0);
      const call = raw.client.open(method).send({ key: 'k' }).halfClose();
      await eventually('the call waits', async () =>
        /replica_streams\{[^}]*\} 2$/m.test((await admin.get('/metrics')).text),
      );
      await raw.reopen(0);
      const a = await raw.peer(0, 0);
      await a.untilHalfClosed(1);
      await raw.reopen(1);
      const b = await raw.peer(1, 0);
      await b.untilHalfClosed(1);
      assert.deepEqual(b.bodyOf(1), a.bodyOf(1));
      a.answer(1);
      b.answer(1);
      assert.equal((await call.outcome).code, 0);
      assert.deepEqual([a.opened, b.opened], [[1], [1]]);
    });
  }
});
