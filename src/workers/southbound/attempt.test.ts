import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { sessionContext, sessionOptions } from '../../../fuzz/targets/session-setup.js';
import { Attempt, type AttemptContext, type AttemptOwner } from './attempt.js';
import { BackendTls } from './backend-tls.js';

const context: AttemptContext = { session: sessionContext(), options: sessionOptions(), connectTimeoutMs: 60_000 };

class Owner implements AttemptOwner {
  readonly closed: string[] = [];
  attemptReady(): void {}
  attemptGoaway(): void {}
  attemptLimit(): void {}
  attemptSlot(): void {}
  attemptClosed(_attempt: Attempt, reason: string): void {
    this.closed.push(reason);
  }
}

for (const [what, tls] of [
  [
    'its TLS handshake',
    new BackendTls({ material: { certificate: undefined, key: undefined, ca: undefined }, serverName: undefined }),
  ],
  ['the wait for SETTINGS', null],
] as const) {
  test(`an attempt that is given up during ${what} ends, and its owner hears of it once`, async () => {
    const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const owner = new Owner();
      const accepted = once(server, 'connection');
      const attempt = new Attempt(owner, '127.0.0.1', (server.address() as AddressInfo).port, tls, context);
      await once(attempt.socket, 'connect');
      await accepted;
      attempt.drain();
      await once(attempt.socket, 'close');
      assert.equal(owner.closed.length, 1);
    } finally {
      server.close();
    }
  });
}
