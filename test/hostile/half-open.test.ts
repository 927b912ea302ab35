import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { target, UNARY, underAttack } from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { eventually } from '../support/eventually.js';
import { PREFACE } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

const CONNECTIONS = 200;

let bed: Bed;

before(async () => {
  bed = await Bed.start(target({ AFROUTER_HANDSHAKE_TIMEOUT_MS: '1500' }));
});

after(() => bed.stop());

/** A client that never closes its own side. */
function open(first: Buffer): Socket {
  const socket = connect({ host: '127.0.0.1', port: bed.port, allowHalfOpen: true });
  socket.on('error', () => {});
  socket.resume();
  if (first.length > 0) socket.write(first);
  return socket;
}

for (const [what, first] of [
  ['say nothing', Buffer.alloc(0)],
  ['begin the preface', PREFACE.subarray(0, 10)],
  ['send the preface and no SETTINGS', PREFACE],
] as const) {
  test(`connections that ${what} are closed when their time is over`, async () => {
    await underAttack(
      bed,
      async () => {
        const sockets = Array.from({ length: CONNECTIONS }, () => open(first));
        await eventually('all have been closed', () =>
          sockets.every((socket) => socket.readableEnded || socket.destroyed),
        );
        for (const socket of sockets) socket.destroy();
      },
      'handshakeTimeouts',
    );
  });
}

test('clients that shut their side, or reset the connection, in the middle of calls leave nothing behind', async () => {
  await underAttack(bed, async () => {
    for (let i = 0; i < 100; i++) {
      const peer = await RawPeer.dial(bed.port);
      for (let id = 1; id < 20; id += 2) peer.request(id, UNARY);
      if (i % 2 === 0) peer.socket.end();
      else peer.socket.resetAndDestroy();
    }
  });
});
