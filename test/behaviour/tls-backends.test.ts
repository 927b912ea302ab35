import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { ServerCredentials, status } from '@grpc/grpc-js';
import { Bed, type BedTls, roundRobin } from '../support/bed.js';
import { Authority, type Certificate, CertificateDirectory, HERE } from '../support/certificates.js';

let files: CertificateDirectory;
let authority: Authority;
/** Of the replicas, for where they are. */
let here: Certificate;
/** Of replicas that are called otherwise. */
let elsewhere: Certificate;
let ca: string;

before(() => {
  files = new CertificateDirectory();
  authority = new Authority('authority of the backends');
  here = authority.issue(HERE);
  elsewhere = authority.issue({ dns: ['shard.example'] });
  ca = files.write('ca.pem', authority.pem);
});

after(() => files.remove());

function serves({ certificate, key }: Certificate, clientCa?: string): ServerCredentials {
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
  return ServerCredentials.createSsl(
    clientCa === undefined ? null : Buffer.from(clientCa),
    [pair],
    clientCa !== undefined,
  );
}

/** A bed with one replica, which is down at first. */
async function bedWith(context: TestContext, tls: BedTls): Promise<Bed> {
  const bed = await Bed.start({
    clusters: { shards: { a: ['a1'] } },
    routes: [roundRobin('all', 'shards')],
    absent: ['a1'],
    tls,
  });
  context.after(() => bed.stop());
  return bed;
}

async function assertServes(bed: Bed): Promise<void> {
  await bed.revive('a1');
  const { code, messages } = await bed.client.call('Get', { key: 'k' });
  assert.deepEqual([code, messages.length], [status.OK, 1]);
}

/** The connection is tried and fails for this reason, and calls are told that nobody is there. */
async function assertFails(bed: Bed, reason: RegExp): Promise<void> {
  await bed.daemon.untilLine(
    (line) => line.event === 'connection_failed' && line.connection === 'a1' && reason.test(String(line.reason)),
    `a connection that failed for ${reason}`,
  );
  assert.equal((await bed.client.call('Get', { key: 'k' })).code, status.UNAVAILABLE);
}

async function assertRefused(bed: Bed, reason: RegExp): Promise<void> {
  await bed.replica('a1').start();
  await assertFails(bed, reason);
  assert.equal(bed.replica('a1').calls.length, 0);
}

/** A TLS server that speaks no gRPC, where the replica should be. */
async function impostor(context: TestContext, bed: Bed, options: TlsOptions): Promise<void> {
  const server = createServer({ cert: here.certificate, key: here.key, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.resume();
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(bed.replica('a1').port, '127.0.0.1', resolve));
  context.after(() => server.close());
}

test('the certificate must be for the address of the connection', async (context) => {
  const bed = await bedWith(context, { backends: { ca }, replicas: serves(elsewhere) });
  await assertRefused(bed, /^TLS: .*127\.0\.0\.1 is not in the cert's list/);
});

test('serverName is the name that counts instead', async (context) => {
  const bed = await bedWith(context, { backends: { ca, serverName: 'shard.example' }, replicas: serves(elsewhere) });
  await assertServes(bed);
});

test('a certificate for another name than serverName is refused', async (context) => {
  const bed = await bedWith(context, { backends: { ca, serverName: 'shard.example' }, replicas: serves(here) });
  await assertRefused(bed, /^TLS: .*shard\.example/);
});

test('a certificate of an authority that is not named is refused, also without a ca', async (context) => {
  const other = files.write('other-ca.pem', new Authority('another authority').pem);
  for (const backends of [{ ca: other }, {}]) {
    const bed = await bedWith(context, { backends, replicas: serves(here) });
    await assertRefused(bed, /^TLS: the authority of the backend's certificate is not in tls\.ca/);
  }
});

test('a certificate that has expired is refused', async (context) => {
  const expired = authority.issue({ ...HERE, days: -1 });
  const bed = await bedWith(context, { backends: { ca }, replicas: serves(expired) });
  await assertRefused(bed, /^TLS: the backend's certificate has expired/);
});

test('the router shows its certificate to a backend that asks for one', async (context) => {
  const routers = new Authority('authority of routers');
  const own = files.writePair('router', routers.issue({ name: 'router' }));
  const bed = await bedWith(context, { backends: { ca, ...own }, replicas: serves(here, routers.pem) });
  await assertServes(bed);
});

test('a backend that asks for a certificate and gets none, or a wrong one, is not reached', async (context) => {
  const clientCa = new Authority('authority of routers').pem;
  const wrong = files.writePair('wrong', new Authority('another').issue({ name: 'router' }));
  for (const backends of [{ ca }, { ca, ...wrong }]) {
    const bed = await bedWith(context, { backends, replicas: serves(here, clientCa) });
    await assertRefused(bed, /./);
  }
});

test('a backend that does not answer with TLS', async (context) => {
  await assertRefused(await bedWith(context, { backends: { ca } }), /^TLS: the backend does not answer with TLS/);
});

test('a backend that wants TLS and gets plain text', async (context) => {
  await assertRefused(await bedWith(context, { replicas: serves(here) }), /./);
});

test('a backend that does not speak HTTP/2 over TLS', async (context) => {
  for (const ALPNProtocols of [['http/1.1'], []]) {
    const bed = await bedWith(context, { backends: { ca } });
    await impostor(context, bed, { ALPNProtocols });
    await assertFails(bed, /^TLS: the backend does not speak HTTP\/2 over TLS/);
  }
});

test('a backend that speaks only TLS 1.1', async (context) => {
  const bed = await bedWith(context, { backends: { ca } });
  await impostor(context, bed, {
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  await assertFails(bed, /^TLS: the backend speaks neither TLS 1\.2 nor TLS 1\.3/);
});

test('clientCertificates of old files switch TLS on, with NODE_EXTRA_CA_CERTS as the authorities', async (context) => {
  const routers = new Authority('authority of routers');
  const { certificate, key } = files.writePair('old-router', routers.issue({ name: 'router' }));
  const bed = await Bed.start({
    clusters: { shards: { a: ['a1'] } },
    routes: [roundRobin('all', 'shards')],
    tls: {
      file: { clientCertificates: { grpcCertificate: certificate, grpcKey: key, grpcCsr: '' } },
      replicas: serves(here, routers.pem),
    },
    daemon: { env: { NODE_EXTRA_CA_CERTS: ca } },
  });
  context.after(() => bed.stop());
  assert.equal((await bed.client.call('Get', { key: 'k' })).code, status.OK);
});
