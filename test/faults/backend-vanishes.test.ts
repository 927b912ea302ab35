import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delay, eventually } from '../support/eventually.js';
import { Type } from '../support/frames.js';
import { RawBackends } from '../support/raw-backends.js';

const UNAVAILABLE = 14;

const SETTINGS = { AFROUTER_BACKEND_KEEPALIVE_MS: '1000', AFROUTER_KEEPALIVE_TIMEOUT_MS: '1000' };

test('a backend that vanished without a word is found while it has calls: they end, and it is dialled again', async (t) => {
  const raw = await RawBackends.start(t, 'server', 1, SETTINGS);
  const { client, daemon } = raw;
  const peer = await raw.peer(0, 0);
  await delay(2500);
  assert.equal(peer.pings.length, 0, 'no PING without a call');
  const call = client.call('Unary', { key: 'k' });
  await eventually('a PING is answered', () => peer.pings.length > 0);
  peer.silent = true;
  const { code, details } = await call;
  assert.equal(code, UNAVAILABLE);
  assert.match(details, /r0 was lost/);
  await daemon.untilLine(
    ({ event, reason }) => event === 'connection_lost' && /no answer to a PING/.test(String(reason)),
    'why',
  );
  const again = await raw.peer(0, 1);
  await again.untilFrame('SETTINGS', ({ type }) => type === Type.SETTINGS);
});
