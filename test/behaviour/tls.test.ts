import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { Bed, roundRobin } from '../support/bed.js';
import { Authority, type Certificate, CertificateDirectory, HERE } from '../support/certificates.js';
import { eventually, within } from '../support/eventually.js';
import { PREFACE } from '../support/frames.js';
import { serves, trusts } from '../support/tls-credentials.js';

let files: CertificateDirectory;
let authority: Authority;
let server: Certificate;
let bed: Bed;

before(async () => {
  files = new CertificateDirectory();
  authority = new Authority('clients trust');
  server = authority.issue(HERE);
  const replicaAuthority = new Authority('the router trusts');
  bed = await Bed.start({
    clusters: { shards: { a: ['a1', 'a2'] } },
    routes: [roundRobin('all', 'shards')],
    tls: {
      server: files.writePair('server', server),
      backends: { ca: files.write('replica-ca.pem', replicaAuthority.pem) },
      replicas: serves(replicaAuthority.issue(HERE)),
      client: trusts(authority.pem),
    },
    daemon: { env: { AFROUTER_TLS_HANDSHAKE_MS: '700' } },
  });
});

after(async () => {
  await bed?.stop();
  files?.remove();
});

async function assertServes(): Promise<void> {
  const { code, messages } = await bed.client.call('Get', { key: 'still here' });
  assert.deepEqual([code, messages[0]?.key], [status.OK, 'still here']);
}

/** Resolves when the socket is gone, with the error that it met, if any. */
function ended(socket: Socket): Promise<Error | undefined> {
  let error: Error | undefined;
  socket.on('error', (met) => {
    error = met;
  });
  socket.resume();
  return within('the socket is closed', new Promise((resolve) => socket.once('close', () => resolve(error))));
}

function dial(options: ConnectionOptions): TLSSocket {
  return connectTls({ host: '127.0.0.1', port: bed.port, servername: 'localhost', ca: authority.pem, ...options });
}

test('calls of every kind go through TLS on both sides', async () => {
  for (const [method, requests, answers] of [
    ['Unary', [{ key: 'k' }], 1],
    ['ServerStream', [{ key: 'k', plan: { responses: 3 } }], 6],
    ['ClientStream', [{ key: 'k' }, { key: 'k' }], 1],
    ['Bidi', [{ key: 'k' }, { key: 'k' }], 4],
  ] as const) {
    const { code, details, messages } = await bed.client.call(method, requests);
    assert.equal(code, status.OK, `${method}: ${details}`);
    assert.equal(messages.length, answers, method);
  }
});

test('long streams arrive unchanged in both directions, many at a time', async () => {
  const payload = Buffer.alloc(300_000);
  for (let i = 0; i < payload.length; i++) payload[i] = (i * 31 + (i >> 8)) & 0xff;
  await Promise.all(
    Array.from({ length: 8 }, async (_, stream) => {
      const requests = Array.from({ length: 10 }, (_, i) => ({
        key: `${stream}-${i}`,
        payload: payload.subarray(stream * 100 + i),
      }));
      const { code, details, messages } = await bed.client.call('Bidi', requests);
      assert.equal(code, status.OK, details);
      assert.equal(messages.length, 20);
      for (const { key, payload: got } of messages) {
        const i = Number(key.split('-')[1]);
        assert.ok(got.equals(payload.subarray(stream * 100 + i)), key);
      }
    }),
  );
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version} is spoken, and h2 agreed on`, async () => {
    const socket = dial({ ALPNProtocols: ['http/1.1', 'h2'], minVersion: version, maxVersion: version });
    await within('the handshake', new Promise((resolve) => socket.once('secureConnect', resolve)));
    assert.equal(socket.getProtocol(), version);
    assert.equal(socket.alpnProtocol, 'h2');
    assert.equal(socket.getCipher().version, version);
    socket.destroy();
  });
}

test('TLS 1.1 is refused', async () => {
  const error = await ended(
    dial({ ALPNProtocols: ['h2'], minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  );
  assert.match(String(error), /alert protocol version/);
  await assertServes();
});

test('ciphers that HTTP/2 forbids are refused', async () => {
  for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA256', 'ECDHE-RSA-AES256-SHA']) {
    const error = await ended(dial({ ALPNProtocols: ['h2'], maxVersion: 'TLSv1.2', ciphers }));
    assert.match(String(error), /handshake failure/, ciphers);
  }
});

test('a client that does not agree on h2 is refused', async () => {
  const other = await ended(dial({ ALPNProtocols: ['http/1.1'] }));
  assert.match(String(other), /no application protocol/);
  const socket = dial({});
  let received = 0;
  socket.on('data', (bytes) => {
    received += bytes.length;
  });
  socket.write(PREFACE);
  await ended(socket);
  assert.equal(received, 0, 'no HTTP/2 is spoken to a client without ALPN');
  await bed.daemon.untilLine(
    (line) => line.event === 'handshake_failed' && String(line.reason).includes('ALPN'),
    'a handshake without ALPN',
  );
  await assertServes();
});

test('a TLS 1.2 client cannot renegotiate', async () => {
  const socket = dial({ ALPNProtocols: ['h2'], maxVersion: 'TLSv1.2' });
  await within('the handshake', new Promise((resolve) => socket.once('secureConnect', resolve)));
  socket.write(PREFACE);
  const refused = new Promise<Error | null>((resolve) => {
    socket.once('error', resolve);
    socket.renegotiate({}, (error) => resolve(error));
  });
  assert.match(String(await within('the renegotiation is refused', refused)), /no renegotiation/);
  socket.destroy();
  await assertServes();
});

test('bytes that are not TLS end their own connection only', async () => {
  for (const bytes of [PREFACE, Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(70_000, 0x16)]) {
    const socket = connect({ host: '127.0.0.1', port: bed.port });
    socket.write(bytes);
    await ended(socket);
  }
  await assertServes();
});

test('a handshake that is not over in time is ended', async () => {
  const silent = connect({ host: '127.0.0.1', port: bed.port });
  const half = connect({ host: '127.0.0.1', port: bed.port });
  // The head of a ClientHello of 512 bytes that never comes.
  half.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
  await Promise.all([ended(silent), ended(half)]);
  await bed.daemon.untilLine(
    (line) => line.event === 'limit_hit' && line.limit === 'tlsHandshakeTimeouts',
    'a limit was met',
  );
  await assertServes();
});

test('a hundred clients that leave in the middle of their handshake do no harm', async () => {
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const socket = connect({ host: '127.0.0.1', port: bed.port });
      await within('connected', new Promise((resolve) => socket.once('connect', resolve)));
      socket.write(Buffer.from([0x16, 3, 1]));
      socket.resetAndDestroy();
    }),
  );
  await assertServes();
});

test('connections in their handshake count as connections', async (context) => {
  const small = await Bed.start({
    clusters: { shards: { a: ['a1'] } },
    routes: [roundRobin('all', 'shards')],
    absent: ['a1'],
    tls: { server: files.writePair('small', server) },
    daemon: { env: { AFROUTER_MAX_CONNECTIONS: '3' } },
  });
  context.after(() => small.stop());
  const dialled = Array.from({ length: 3 }, () => connect({ host: '127.0.0.1', port: small.port }));
  for (const socket of dialled) await within('connected', new Promise((resolve) => socket.once('connect', resolve)));
  await ended(connect({ host: '127.0.0.1', port: small.port }));
  dialled[0]!.destroy();
  await eventually('there is room again', async () => {
    const socket = connectTls({ host: '127.0.0.1', port: small.port, ca: authority.pem, ALPNProtocols: ['h2'] });
    return new Promise<boolean>((resolve) => {
      socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false));
    }).finally(() => socket.destroy());
  });
  for (const socket of dialled) socket.destroy();
});
