import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { Authority, type Certificate, HERE } from '../../../test/support/certificates.js';
import {
  type LooseJson,
  shopDirectory,
  shopParts,
  shopRouting,
  writeRouting,
} from '../../../test/support/routing-fixture.js';
import { packageFile } from '../package-file.js';
import { ConfigError } from './config-error.js';
import { type LoadedRoutingFile, loadRoutingFile } from './load.js';
import { schemaProblems } from './schema.js';

let authority: Authority;
let one: Certificate;
let other: Certificate;
let expired: Certificate;

before(() => {
  authority = new Authority('authority');
  one = authority.issue(HERE);
  other = new Authority('another authority').issue(HERE);
  expired = authority.issue({ name: 'late', days: -1 });
});

/** Loads the shop's routing file after a change, with certificates in `tls/` beside it. */
function load(context: TestContext, change: (parts: Readonly<Record<string, LooseJson>>) => void): LoadedRoutingFile {
  const directory = shopDirectory(context);
  mkdirSync(join(directory, 'tls'));
  for (const [name, text] of Object.entries({
    'one.pem': one.certificate,
    'one.key': one.key,
    'other.key': other.key,
    'expired.pem': expired.certificate,
    'expired.key': expired.key,
    'ca.pem': authority.pem,
    'empty.pem': '',
    'cut.pem': one.certificate.replace(/\n(?:.{64}\r?\n){4}/, '\n'),
    'text.pem': 'Certificates will be here soon.',
  })) {
    writeFileSync(join(directory, 'tls', name), text);
  }
  const root = shopRouting();
  change(shopParts(root));
  return loadRoutingFile(writeRouting(directory, root));
}

function problems(context: TestContext, change: (parts: Readonly<Record<string, LooseJson>>) => void): string[] {
  try {
    load(context, change);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, found }) => `${path}: ${found}`);
    throw error;
  }
  return [];
}

const pair = { certificate: 'tls/one.pem', key: 'tls/one.key' };

test('without tls everything is plain text', (context) => {
  const { config } = load(context, () => undefined);
  assert.equal(config.servers[0]!.tls, undefined);
  assert.equal(config.clusters[0]!.backends[0]!.tls, undefined);
});

test('a server with a certificate asks no client for one', (context) => {
  const { tls } = load(context, ({ server }) => Object.assign(server, { tls: pair })).config.servers[0]!;
  assert.equal(tls?.clientAuth, 'none');
  assert.equal(tls?.identityKey, undefined);
  assert.deepEqual(tls?.certificates.material, { certificate: one.certificate, key: one.key, ca: undefined });
});

test('a server with a ca requires client certificates, unless it says otherwise', (context) => {
  const auth = (clientAuth?: string) =>
    load(context, ({ server }) => {
      server.tls = { ...pair, ca: 'tls/ca.pem', ...(clientAuth === undefined ? {} : { clientAuth }) };
    }).config.servers[0]!.tls?.clientAuth;
  assert.deepEqual([auth(), auth('request'), auth('none')], ['require', 'request', 'none']);
});

test('the identity key is lower case', (context) => {
  const { tls } = load(context, ({ server }) => {
    server.tls = { ...pair, ca: 'tls/ca.pem', identityKey: 'X-Client' };
  }).config.servers[0]!;
  assert.equal(tls?.identityKey, 'x-client');
});

test('tls of a backend may be empty', (context) => {
  const { tls } = load(context, ({ one: backend }) => Object.assign(backend, { tls: {} })).config.clusters[0]!
    .backends[0]!;
  assert.deepEqual(tls, {
    certificates: {
      files: { certificate: undefined, key: undefined, ca: undefined },
      material: { certificate: undefined, key: undefined, ca: undefined },
    },
    serverName: undefined,
  });
});

test('old certificates are those of every server and backend without tls', (context) => {
  const { config } = load(context, ({ root, two }) => {
    root.serverCertificates = { grpcCertificate: 'tls/one.pem', grpcKey: 'tls/one.key', grpcCsr: 'gone.csr' };
    root.clientCertificates = { grpcCertificate: 'tls/one.pem', grpcKey: 'tls/one.key', grpcCsr: '' };
    two.tls = { ca: 'tls/ca.pem' };
  });
  const [first, second] = config.clusters[0]!.backends;
  assert.equal(config.servers[0]!.tls?.certificates.material.key, one.key);
  assert.equal(config.servers[0]!.tls?.clientAuth, 'none');
  assert.equal(first!.tls?.certificates.material.certificate, one.certificate);
  assert.deepEqual(second!.tls?.certificates.material, { certificate: undefined, key: undefined, ca: authority.pem });
});

test('old certificates with empty paths, or a signing request alone, switch nothing on', (context) => {
  const { config, warnings } = load(context, ({ root }) => {
    root.serverCertificates = { grpcCertificate: '', grpcKey: '', grpcCsr: '' };
    root.clientCertificates = { grpcCsr: 'somewhere.csr' };
  });
  assert.equal(config.servers[0]!.tls, undefined);
  assert.equal(config.clusters[0]!.backends[0]!.tls, undefined);
  assert.deepEqual(warnings, []);
});

test('all errors of certificates are reported at once, with those of the rest of the file', (context) => {
  const found = problems(context, ({ root, server, rest, one: first, two }) => {
    rest.backend_cluster = 'nowhere';
    server.tls = { certificate: 'tls/one.pem', key: 'tls/other.key', ca: 'tls/gone.pem' };
    first.tls = { ca: 'tls/empty.pem', certificate: 'tls/cut.pem', key: 'tls/one.pem', serverName: '10.0.0.1' };
    two.tls = { ca: 'tls', key: 'tls/one.key' };
    root.serverCertificates = { grpcCertificate: 'tls/text.pem' };
  });
  assert.deepEqual(
    found.map((text) => text.replace(/\(.*\)|EISDIR.*/, '…')).sort(),
    [
      'backend_clusters[0].backends[0].tls.ca: "tls/empty.pem", which holds no certificate …',
      'backend_clusters[0].backends[0].tls.certificate: "tls/cut.pem", which holds no certificate …',
      'backend_clusters[0].backends[0].tls.key: "tls/one.pem", which holds no private key …',
      'backend_clusters[0].backends[0].tls.serverName: "10.0.0.1"',
      'backend_clusters[0].backends[1].tls.ca: "tls", which cannot be read: …',
      'backend_clusters[0].backends[1].tls.certificate: nothing',
      'routers[0].routes[2].backend_cluster: "nowhere"',
      'serverCertificates.grpcCertificate: "tls/text.pem", which holds no certificate …',
      'serverCertificates.grpcKey: nothing',
      'servers[0].tls.ca: "tls/gone.pem"',
      'servers[0].tls.key: "tls/other.key", which holds the key of another certificate',
    ].sort(),
  );
});

test('an identity needs a client certificate, and a key of its own', (context) => {
  const identity = (identityKey: string, more: object = { ca: 'tls/ca.pem' }) =>
    problems(context, ({ server }) => {
      server.tls = { ...pair, ...more, identityKey };
    });
  const path = 'servers[0].tls.identityKey';
  assert.deepEqual(identity('x-client'), []);
  assert.deepEqual(identity('x-client', {}), [`${path}: "x-client"`]);
  for (const key of ['grpc-client', 'te', 'client-bin', 'no key', 'txn', 'Shard'])
    assert.deepEqual(identity(key), [`${path}: ${JSON.stringify(key)}`]);
});

test('clientAuth needs a ca', (context) => {
  const found = problems(context, ({ server }) => Object.assign(server, { tls: { ...pair, clientAuth: 'request' } }));
  assert.deepEqual(found, ['servers[0].tls.ca: nothing']);
});

test('a certificate that has expired is a warning', (context) => {
  const { warnings } = load(context, ({ server }) => {
    server.tls = { certificate: 'tls/expired.pem', key: 'tls/expired.key' };
  });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /servers\[0\]\.tls\.certificate: the certificate of CN=late, .* expired on /);
});

test('what config/example.json has commented out is right', () => {
  const text = readFileSync(packageFile('config/example.json'), 'utf8');
  assert.equal(text.match(/"_tls": \{/g)?.length, 2);
  assert.deepEqual(schemaProblems(JSON.parse(text.replaceAll('"_tls": {', '"tls": {')), 'example.json'), []);
});
