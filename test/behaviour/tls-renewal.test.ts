import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { before, type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { Bed, type BedTls, roundRobin } from '../support/bed.js';
import { Authority, type Certificate, CertificateDirectory, HERE } from '../support/certificates.js';
import { eventually, within } from '../support/eventually.js';
import { frame, PREFACE, Type } from '../support/frames.js';
import { serves, trusts } from '../support/tls-credentials.js';

let authority: Authority;
let clients: Authority;
let first: Certificate;
let second: Certificate;
let client: Certificate;

before(() => {
  authority = new Authority('authority of servers');
  clients = new Authority('authority of clients');
  first = authority.issue({ ...HERE, name: 'first' });
  second = authority.issue({ ...HERE, name: 'second' });
  client = clients.issue({ name: 'client' });
});

function directory(context: TestContext): CertificateDirectory {
  const files = new CertificateDirectory();
  context.after(() => files.remove());
  return files;
}

async function start(context: TestContext, tls: BedTls): Promise<Bed> {
  const bed = await Bed.start({
    clusters: { shards: { a: ['a1', 'a2'] } },
    routes: [roundRobin('all', 'shards')],
    tls: { client: trusts(authority.pem), ...tls },
    daemon: { env: { AFROUTER_CERTIFICATE_POLL_MS: '50' } },
  });
  context.after(() => bed.stop());
  return bed;
}

/** With TLS on both sides, and replicas that want the router's certificate. */
function startMutual(context: TestContext, files: CertificateDirectory): Promise<Bed> {
  return start(context, {
    server: files.writePair('server', first),
    backends: { ca: files.write('ca.pem', authority.pem), ...files.writePair('router', client) },
    replicas: serves(first, clients.pem),
  });
}

/** What each client may resume. */
const sessionOf = new WeakMap<TLSSocket, Buffer>();

/** A TLS connection of a client; it says nothing. Rejects when it is closed in its handshake. */
async function dial(bed: Bed, options: object = {}): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: bed.port,
    servername: 'localhost',
    ca: authority.pem,
    ALPNProtocols: ['h2'],
    ...options,
  });
  socket.on('error', () => {});
  socket.on('session', (session) => sessionOf.set(socket, session));
  socket.resume();
  const settled = new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('close', () => reject(new Error('closed in its handshake')));
  });
  await within('the handshake', settled);
  return socket;
}

/** Whose certificate new connections get. */
async function servedBy(bed: Bed): Promise<string> {
  const socket = await dial(bed);
  const subject = socket.getPeerX509Certificate()!.subject;
  socket.destroy();
  return /CN=(.*)/.exec(subject)![1]!;
}

async function untilRenewed(bed: Bed, from: number, of = 'north'): Promise<void> {
  await bed.daemon.untilLine(
    (line) => line.event === 'certificates_renewed' && (line.listener ?? line.backend) === of,
    `certificates of ${of} renewed`,
    from,
  );
}

/** Calls without a pause until `stop`, which says how they ended: more than a few. */
function load(bed: Bed, streams = 4): { stop(): Promise<readonly number[]> } {
  const codes: number[] = [];
  let running = true;
  const loops = Array.from({ length: streams }, async () => {
    while (running) codes.push((await bed.client.call('Get', { key: 'k' })).code);
  });
  return {
    async stop() {
      await eventually('calls were made', () => codes.length > 20);
      running = false;
      await Promise.all(loops);
      return codes;
    },
  };
}

test('certificates replaced under load: no call fails, no connection drops, new connections see the new one', async (context) => {
  const files = directory(context);
  const bed = await startMutual(context, files);
  const old = await dial(bed);
  const endless = bed.client.open('Bidi').send({ key: 'before' });
  await endless.untilMessages(2);
  const calls = load(bed);
  assert.equal(await servedBy(bed), 'first');

  for (const [name, next] of [
    ['second', second],
    ['first', first],
    ['second', second],
  ] as const) {
    const from = bed.daemon.lines.length;
    files.writePair('server', next);
    files.writePair('router', clients.issue({ name: 'router again' }));
    await untilRenewed(bed, from);
    await untilRenewed(bed, from, 'a');
    assert.equal(await servedBy(bed), name);
  }

  const codes = await calls.stop();
  assert.deepEqual(
    codes.filter((code) => code !== status.OK),
    [],
  );
  endless.send({ key: 'after' }).halfClose();
  const { code, messages } = await endless.outcome;
  assert.deepEqual([code, messages.length], [status.OK, 4], 'a call that was open before is still carried');
  assert.equal(old.destroyed, false, 'a connection from before is still open');
  assert.deepEqual([bed.replica('a1').accepted, bed.replica('a2').accepted], [1, 1], 'backends were not dialled again');
  old.destroy();
});

test('files that cannot be used change nothing, are complained of once, and may be mended', async (context) => {
  const files = directory(context);
  const bed = await start(context, { server: files.writePair('server', first) });
  for (const spoil of [
    () => files.write('server.pem', 'not a certificate'),
    () => files.write('server.pem', client.certificate),
    () => files.write('server.key', ''),
    () => renameSync(files.file('server.pem'), files.file('moved away')),
  ]) {
    const from = bed.daemon.lines.length;
    spoil();
    const line = await bed.daemon.untilLine((each) => each.event === 'certificates_rejected', 'a complaint', from);
    assert.match(String(line.problems), /server\.(pem|key)/, 'names the file');
    assert.doesNotMatch(JSON.stringify(line), /BEGIN/, 'never what is in it');
    assert.equal(await servedBy(bed), 'first');
    assert.equal((await bed.client.call('Get', { key: 'k' })).code, status.OK);
    files.writePair('server', first);
    // The same content as is in use is no news, so another one shows that the files are looked at again.
    files.writePair('server', second);
    await untilRenewed(bed, from);
    const again = bed.daemon.lines.length;
    files.writePair('server', first);
    await untilRenewed(bed, again);
    const complaints = bed.daemon.lines.slice(from).filter((each) => each.event === 'certificates_rejected');
    assert.equal(complaints.length, 1);
  }
});

test('the symbolic links of Kubernetes are followed', async (context) => {
  const files = directory(context);
  const version = (name: string, { certificate, key }: Certificate) => {
    mkdirSync(files.file(name));
    writeFileSync(files.file(`${name}/tls.crt`), certificate);
    writeFileSync(files.file(`${name}/tls.key`), key);
    symlinkSync(name, files.file('..data_tmp'));
    renameSync(files.file('..data_tmp'), files.file('..data'));
  };
  version('..1', first);
  symlinkSync('..data/tls.crt', files.file('tls.crt'));
  symlinkSync('..data/tls.key', files.file('tls.key'));
  const bed = await start(context, { server: { certificate: files.file('tls.crt'), key: files.file('tls.key') } });
  assert.equal(await servedBy(bed), 'first');
  const from = bed.daemon.lines.length;
  version('..2', second);
  await untilRenewed(bed, from);
  assert.equal(await servedBy(bed), 'second');
});

test('a new authority and certificate of a backend are used with the next dial', async (context) => {
  const files = directory(context);
  const bed = await startMutual(context, files);
  const nextServers = new Authority('next authority of servers');
  const nextClients = new Authority('next authority of clients');
  const from = bed.daemon.lines.length;
  files.write('ca.pem', nextServers.pem);
  files.writePair('router', nextClients.issue({ name: 'router' }));
  await bed.daemon.untilLine((line) => line.event === 'certificates_renewed' && line.backend === 'a', 'renewed', from);
  assert.equal((await bed.client.call('Get', { key: 'k' })).code, status.OK, 'open connections stay');
  await bed.kill('a1');
  bed.replica('a1').credentials = serves(nextServers.issue(HERE), nextClients.pem);
  await bed.revive('a1');
  await bed.kill('a2');
  assert.equal((await bed.client.call('Get', { key: 'k' })).code, status.OK);
  await bed.replica('a2').start();
  await bed.daemon.untilLine(
    (line) => line.event === 'connection_failed' && line.connection === 'a2' && /tls\.ca/.test(String(line.reason)),
    'the old authority of the backend is not trusted any more',
    from,
  );
});

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a ${maxVersion} client whose authority is taken out cannot resume its session`, async (context) => {
    const files = directory(context);
    const bed = await start(context, {
      server: { ...files.writePair('server', first), ca: files.write('clients.pem', clients.pem) },
      client: trusts(authority.pem, client),
    });
    const shown = { cert: client.certificate, key: client.key, maxVersion };
    const socket = await dial(bed, shown);
    // With TLS 1.3 it comes after the handshake.
    const session = await eventually('a session', () => sessionOf.get(socket));
    const resumed = await dial(bed, { ...shown, session });
    assert.equal(resumed.isSessionReused(), true, 'as long as nothing changes');
    const acknowledged = new Promise((resolve) => resumed.on('data', resolve));
    resumed.write(Buffer.concat([PREFACE, frame(Type.SETTINGS, 0, 0)]));
    await within('the resumed connection is served', acknowledged);
    const from = bed.daemon.lines.length;
    files.write('clients.pem', new Authority('another authority of clients').pem);
    await untilRenewed(bed, from);
    const late = await dial(bed, { ...shown, session }).catch(() => undefined);
    assert.notEqual(late?.isSessionReused(), true);
    if (late !== undefined && !late.destroyed) {
      await within('it is closed', new Promise((resolve) => late.once('close', resolve)));
    }
    assert.equal(socket.destroyed, false, 'connections that were verified stay');
    socket.destroy();
    resumed.destroy();
  });
}
