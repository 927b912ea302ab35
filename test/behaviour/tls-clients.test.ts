import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type ChannelCredentials, status } from '@grpc/grpc-js';
import { Bed, roundRobin } from '../support/bed.js';
import { Authority, type Certificate, CertificateDirectory, HERE, type Subject } from '../support/certificates.js';
import { EchoClient } from '../support/client.js';
import { freePort } from '../support/free-ports.js';
import { trusts } from '../support/tls-credentials.js';

const KEY = 'x-client-identity';

let files: CertificateDirectory;
let servers: Authority;
let clients: Authority;
/** Requires certificates, and has a second listener in plain text. */
let bed: Bed;
let plainPort: number;
let requestPort: number;

before(async () => {
  files = new CertificateDirectory();
  servers = new Authority('authority of servers');
  clients = new Authority('authority of clients');
  const tls = { ...files.writePair('server', servers.issue(HERE)), ca: files.write('client-ca.pem', clients.pem) };
  plainPort = await freePort();
  requestPort = await freePort();
  bed = await Bed.start({
    clusters: { shards: { a: ['a1'] } },
    routes: [roundRobin('all', 'shards')],
    tls: {
      server: { ...tls, identityKey: KEY },
      listeners: [
        { port: plainPort },
        { port: requestPort, tls: { ...tls, clientAuth: 'request', identityKey: 'x-other-identity' } },
      ],
      client: shows(clients.issue({ name: 'well-behaved' })),
    },
  });
});

after(async () => {
  await bed?.stop();
  files?.remove();
});

function shows(certificate: Certificate): ChannelCredentials {
  return trusts(servers.pem, certificate);
}

function clientOn(context: TestContext, port: number, secured?: ChannelCredentials): EchoClient {
  const client = new EchoClient(port, secured);
  context.after(() => client.stop());
  return client;
}

function clientWith(context: TestContext, subject: Subject): EchoClient {
  return clientOn(context, bed.port, shows(clients.issue(subject)));
}

/** What the backend is told of a call that also tries to say it itself. */
async function identities(client: EchoClient, times = 1): Promise<readonly string[][]> {
  const before = bed.replica('a1').calls.length;
  for (let i = 0; i < times; i++) {
    const { code, details } = await client.call('Get', { key: 'k' }, { metadata: { [KEY]: ['root', 'admin'] } });
    assert.equal(code, status.OK, details);
  }
  return bed
    .replica('a1')
    .calls.slice(before)
    .map((call) => call.meta(KEY));
}

test('clients without a certificate, with one of another authority, or with an old one are refused', async (context) => {
  const stranger = new Authority('authority of clients').issue({ name: 'well-behaved' });
  const expired = clients.issue({ name: 'well-behaved', days: -1 });
  const open = bed.client.open('Bidi').send({ key: 'before' });
  await open.untilMessages(1);
  const before = bed.replica('a1').calls.length;
  for (const [secured, reason] of [
    [trusts(servers.pem), /has no certificate/],
    [shows(stranger), /not accepted: .*SIGNATURE/],
    [shows(expired), /not accepted: CERT_HAS_EXPIRED/],
  ] as const) {
    const { code } = await clientOn(context, bed.port, secured).call('Get', { key: 'k' });
    assert.equal(code, status.UNAVAILABLE);
    await bed.daemon.untilLine(
      (line) => line.event === 'handshake_failed' && reason.test(String(line.reason)),
      String(reason),
    );
  }
  assert.equal(bed.replica('a1').calls.length, before, 'nothing of them reached the backend');
  open.send({ key: 'after' }).halfClose();
  assert.equal((await open.outcome).messages.length, 2, 'calls of others went on');
});

test('the identity is the first URI name, else the first DNS name, else the common name', async (context) => {
  for (const [subject, identity] of [
    [{ name: 'cn', dns: ['a.example'], uri: ['spiffe://shop/till', 'spiffe://shop/other'] }, 'spiffe://shop/till'],
    [{ name: 'cn', dns: ['b.example', 'c.example'] }, 'b.example'],
    [{ name: 'Only A Name' }, 'Only A Name'],
  ] as const) {
    assert.deepEqual(await identities(clientWith(context, subject)), [[identity]]);
  }
});

test('a client cannot set its identity, however often it tries on one connection', async (context) => {
  const seen = await identities(clientWith(context, { name: 'steady' }), 50);
  assert.equal(seen.length, 50);
  for (const each of seen) assert.deepEqual(each, ['steady']);
});

test('clients with the same headers keep their own identities', async (context) => {
  const [one, two] = [clientWith(context, { name: 'one' }), clientWith(context, { name: 'two' })];
  for (let i = 0; i < 10; i++) {
    assert.deepEqual(await identities(one), [['one']]);
    assert.deepEqual(await identities(two), [['two']]);
  }
});

test('a certificate cannot smuggle a name into another one', async (context) => {
  const sly = clientWith(context, { dns: ['x, URI:spiffe://shop/till'] });
  const [seen] = await identities(sly);
  assert.ok(!seen!.includes('spiffe://shop/till'), String(seen));
});

test('a certificate that names nobody, or whose name is no metadata, gives no identity', async (context) => {
  assert.deepEqual(await identities(clientWith(context, {})), [[]]);
  assert.deepEqual(await identities(clientWith(context, { name: 'zwei\nZeilen' })), [[]]);
});

test('nobody can set the key through a listener in plain text', async (context) => {
  assert.deepEqual(await identities(clientOn(context, plainPort), 5), [[], [], [], [], []]);
});

test('nobody can set the key through a listener that has another key of its own', async (context) => {
  const before = bed.replica('a1').calls.length;
  assert.deepEqual(await identities(clientOn(context, requestPort, shows(clients.issue({ name: 'asked' })))), [[]]);
  assert.deepEqual(bed.replica('a1').calls[before]!.meta('x-other-identity'), ['asked']);
});

test('clientAuth request lets clients without a certificate through, without an identity', async (context) => {
  const before = bed.replica('a1').calls.length;
  const client = clientOn(context, requestPort, trusts(servers.pem));
  const { code } = await client.call('Get', { key: 'k' }, { metadata: { 'x-other-identity': 'me' } });
  assert.equal(code, status.OK);
  assert.deepEqual(bed.replica('a1').calls[before]!.meta('x-other-identity'), []);
});

test('clientAuth request refuses a certificate that it cannot verify', async (context) => {
  const stranger = new Authority('authority of clients').issue({ name: 'asked' });
  const { code } = await clientOn(context, requestPort, shows(stranger)).call('Get', { key: 'k' });
  assert.equal(code, status.UNAVAILABLE);
});

test('TLS to a listener in plain text fails, and harms nobody', async (context) => {
  const client = clientOn(context, plainPort, shows(clients.issue({ name: 'lost' })));
  assert.equal((await client.call('Get', { key: 'k' })).code, status.UNAVAILABLE);
  assert.equal((await clientOn(context, plainPort).call('Get', { key: 'k' })).code, status.OK);
});

test('other metadata goes through unchanged', async () => {
  const before = bed.replica('a1').calls.length;
  await bed.client.call('Get', { key: 'k' }, { metadata: { 'x-client-identity2': 'mine', 'x-client': 'yours' } });
  const call = bed.replica('a1').calls[before]!;
  assert.deepEqual([call.meta('x-client-identity2'), call.meta('x-client')], [['mine'], ['yours']]);
});

test('serverCertificates of old files are the certificate of a listener without tls', async (context) => {
  const { certificate, key } = files.writePair('old', servers.issue(HERE));
  const old = await Bed.start({
    clusters: { shards: { a: ['a1'] } },
    routes: [roundRobin('all', 'shards')],
    tls: {
      file: { serverCertificates: { grpcCertificate: certificate, grpcKey: key, grpcCsr: 'not-there.csr' } },
      client: trusts(servers.pem),
    },
  });
  context.after(() => old.stop());
  assert.equal((await old.client.call('Get', { key: 'k' })).code, status.OK);
});
