import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { type BackendPlan, Bed, roundRobin } from '../support/bed.js';
import { Authority, CertificateDirectory, HERE } from '../support/certificates.js';
import { serves } from '../support/tls-credentials.js';

/** One backend of one replica, each with a name of its own and its own idea of TLS. */
interface Case {
  readonly promise: string;
  readonly backend: Omit<BackendPlan, 'replicas'>;
  /** Why the connection fails; undefined = it does not. */
  readonly fails?: RegExp;
  /** Stands where the replica should be. */
  readonly impostor?: TlsOptions;
}

const files = new CertificateDirectory();
let bed: Bed;
const impostors: Server[] = [];

const cases = makeCases();
/** Of backends and replicas. */
const names = cases.map((_, index) => `b${index}`);

function makeCases(): readonly Case[] {
  const authority = new Authority('authority of the backends');
  const routers = new Authority('authority of routers');
  const another = new Authority('another authority');
  const ca = files.write('ca.pem', authority.pem);
  const anotherCa = files.write('another-ca.pem', another.pem);
  const here = authority.issue(HERE);
  const elsewhere = serves(authority.issue({ dns: ['shard.example'] }));
  const pair = { cert: here.certificate, key: here.key };
  const notTrusted = /^TLS: the authority of the backend's certificate is not in tls\.ca/;
  return [
    {
      promise: 'the certificate must be for the address of the connection',
      backend: { tls: { ca }, credentials: elsewhere },
      fails: /^TLS: .*127\.0\.0\.1 is not in the cert's list/,
    },
    {
      promise: 'serverName is the name that counts instead',
      backend: { tls: { ca, serverName: 'shard.example' }, credentials: elsewhere },
    },
    {
      promise: 'a certificate for another name than serverName is refused',
      backend: { tls: { ca, serverName: 'shard.example' }, credentials: serves(here) },
      fails: /^TLS: .*shard\.example/,
    },
    {
      promise: 'a certificate of an authority that is not named is refused',
      backend: { tls: { ca: anotherCa }, credentials: serves(here) },
      fails: notTrusted,
    },
    {
      promise: 'without a ca only the authorities of Node.js are trusted',
      backend: { tls: {}, credentials: serves(here) },
      fails: notTrusted,
    },
    {
      promise: 'a certificate that has expired is refused',
      backend: { tls: { ca }, credentials: serves(authority.issue({ ...HERE, days: -1 })) },
      fails: /^TLS: the backend's certificate has expired/,
    },
    {
      promise: 'the router shows its certificate to a backend that asks for one',
      backend: {
        tls: { ca, ...files.writePair('router', routers.issue({ name: 'router' })) },
        credentials: serves(here, routers.pem),
      },
    },
    {
      promise: 'a backend that asks for a certificate and gets none is not reached',
      backend: { tls: { ca }, credentials: serves(here, routers.pem) },
      fails: /./,
    },
    {
      promise: 'a backend that does not trust the certificate of the router is not reached',
      backend: {
        tls: { ca, ...files.writePair('wrong', another.issue({ name: 'router' })) },
        credentials: serves(here, routers.pem),
      },
      fails: /./,
    },
    {
      promise: 'a backend that does not answer with TLS is not reached',
      backend: { tls: { ca } },
      fails: /^TLS: the backend does not answer with TLS/,
    },
    {
      promise: 'a backend that wants TLS and gets plain text is not reached',
      backend: { credentials: serves(here) },
      fails: /./,
    },
    {
      promise: 'a backend that speaks HTTP/1.1 over TLS is not reached',
      backend: { tls: { ca } },
      impostor: { ...pair, ALPNProtocols: ['http/1.1'] },
      fails: /^TLS: the backend does not speak HTTP\/2 over TLS/,
    },
    {
      promise: 'a backend that does not know ALPN is not reached',
      backend: { tls: { ca } },
      impostor: pair,
      fails: /^TLS: the backend does not speak HTTP\/2 over TLS/,
    },
    {
      promise: 'a backend that speaks only TLS 1.1 is not reached',
      backend: { tls: { ca } },
      impostor: {
        ...pair,
        ALPNProtocols: ['h2'],
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      },
      fails: /^TLS: the backend speaks neither TLS 1\.2 nor TLS 1\.3/,
    },
  ];
}

before(async () => {
  bed = await Bed.start({
    clusters: {
      shards: Object.fromEntries(
        cases.map(({ backend }, index) => [names[index]!, { ...backend, replicas: [names[index]!] }]),
      ),
    },
    routes: [{ name: 'by_name', type: 'source', routing_field: 'key', methods: ['*'], backend_cluster: 'shards' }],
    absent: names.filter((_, index) => cases[index]!.fails !== undefined),
  });
  for (const [index, { fails, impostor }] of cases.entries()) {
    const replica = bed.replica(names[index]!);
    if (impostor !== undefined) impostors.push(await listen(impostor, replica.port));
    else if (fails !== undefined) await replica.start();
  }
});

after(async () => {
  for (const impostor of impostors) impostor.close();
  await bed?.stop();
  files.remove();
});

/** A TLS server that speaks no gRPC. */
async function listen(options: TlsOptions, port: number): Promise<Server> {
  const server = createServer(options, (socket) => {
    socket.on('error', () => {});
    socket.resume();
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

for (const [index, { promise, fails }] of cases.entries()) {
  test(promise, async () => {
    const name = names[index]!;
    if (fails === undefined) {
      assert.equal((await bed.client.call('Get', { key: name })).code, status.OK);
      return;
    }
    await bed.daemon.untilLine(
      (line) => line.event === 'connection_failed' && line.connection === name && fails.test(String(line.reason)),
      `the connection to ${name} failed for ${fails}`,
    );
    assert.equal((await bed.client.call('Get', { key: name })).code, status.UNAVAILABLE);
    assert.equal(bed.replica(name).calls.length, 0);
  });
}

test('clientCertificates of old files switch TLS on, with NODE_EXTRA_CA_CERTS as the authorities', async (context) => {
  const authority = new Authority('authority of the backends');
  const routers = new Authority('authority of routers');
  const { certificate, key } = files.writePair('old-router', routers.issue({ name: 'router' }));
  const old = await Bed.start({
    clusters: { shards: { a: ['a1'] } },
    routes: [roundRobin('all', 'shards')],
    tls: {
      file: { clientCertificates: { grpcCertificate: certificate, grpcKey: key, grpcCsr: '' } },
      replicas: serves(authority.issue(HERE), routers.pem),
    },
    daemon: { env: { NODE_EXTRA_CA_CERTS: files.write('extra-ca.pem', authority.pem) } },
  });
  context.after(() => old.stop());
  assert.equal((await old.client.call('Get', { key: 'k' })).code, status.OK);
});
