import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { target, UNARY, underAttack, untilTold } from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { EchoClient } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { RawPeer } from '../support/raw-peer.js';

const MAX_CONNECTIONS = 40;
const ATTACKERS = 300;

let bed: Bed;

before(async () => {
  bed = await Bed.start(target({ AFROUTER_MAX_CONNECTIONS: String(MAX_CONNECTIONS) }));
});

after(() => bed.stop());

test('connections over the limit are closed at once; those that are there keep their calls, and later ones get in', async () => {
  await underAttack(bed, async () => {
    const peers: RawPeer[] = [];
    for (let i = 0; i < ATTACKERS; i++) peers.push(await RawPeer.dial(bed.port));
    await eventually(
      'those over the limit are closed',
      () => peers.filter((peer) => !peer.closed).length < MAX_CONNECTIONS,
    );
    assert.ok(
      peers.some((peer) => !peer.closed),
      'those under it are open',
    );
    for (const peer of peers) peer.destroy();
    const late = new EchoClient(bed.port);
    await eventually('a new client gets in', async () => (await late.call('Unary', { key: 'k' })).code === 0);
    late.stop();
  });
  await untilTold(bed.daemon, 'connections');
});

test('connections that come and go by the thousand leave nothing behind, and few lines in the log', async () => {
  const from = bed.daemon.lines.length;
  await underAttack(bed, async () => {
    for (let i = 0; i < 20; i++) {
      const peers = await Promise.all(Array.from({ length: 100 }, () => RawPeer.dial(bed.port)));
      for (const peer of peers) peer.request(1, UNARY);
      for (const peer of peers) peer.destroy();
    }
  });
  const told = bed.daemon.lines.slice(from).filter(({ event }) => event === 'limit_hit');
  assert.ok(told.length < 80, `${told.length} lines about limits`);
});
