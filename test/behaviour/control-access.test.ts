import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { Bed, roundRobin, routingFile } from '../support/bed.js';
import { Authority, CertificateDirectory, HERE } from '../support/certificates.js';
import { ServiceClient } from '../support/client.js';
import { ControlClient } from '../support/control.js';
import { runCtl } from '../support/ctl.js';
import { eventually } from '../support/eventually.js';
import { loadService, loadServiceFromDescriptorSet, type Message } from '../support/service.js';
import { trusts } from '../support/tls-credentials.js';

const TOKEN = 'a-token-of-some-length';

/** Everything but who may come is the same here. */
const PLAN = {
  clusters: { shards: { a: ['a1'] } },
  routes: [roundRobin('all', 'shards')],
  control: true,
};

let files: CertificateDirectory;
before(() => {
  files = new CertificateDirectory();
});
after(() => files.remove());

const healthService = loadService('health.proto', 'grpc.health.v1.Health');

test('with a token, every call must carry it, only health checks need none', async (context) => {
  const bed = await Bed.start({ ...PLAN, daemon: { env: { AFROUTER_CONTROL_TOKEN: TOKEN } } });
  context.after(() => bed.stop());
  const control = new ControlClient(bed.controlPort);
  context.after(() => control.stop());
  const withAuthorization = (...values: string[]) =>
    control.outcome('GetVersion', {}, { metadata: { authorization: values } });

  assert.equal((await withAuthorization(`Bearer ${TOKEN}`)).code, 0);
  const wrong = [[], ['Bearer x'], [TOKEN], [`Bearer ${TOKEN}x`], [`bearer ${TOKEN}`]];
  for (const values of wrong) {
    const { code, details, messages } = await withAuthorization(...values);
    assert.deepEqual([code, messages], [status.UNAUTHENTICATED, []], String(values));
    assert.doesNotMatch(details, new RegExp(TOKEN));
  }
  assert.equal((await control.outcome('WatchClusters')).code, status.UNAUTHENTICATED);
  await assert.rejects(control.threads(), /status 16/, 'the old calls too');
  const reflection = new ServiceClient(reflectionService('v1'), bed.controlPort);
  context.after(() => reflection.stop());
  assert.equal((await reflection.call('ServerReflectionInfo', { listServices: '' })).code, status.UNAUTHENTICATED);
  const health = new ServiceClient(healthService, bed.controlPort);
  context.after(() => health.stop());
  assert.equal((await health.call('Check', {})).code, 0);

  const { settings } = (await withAuthorizationAsked(control)) as { settings: { name: string; value: string }[] };
  assert.equal(settings.find(({ name }) => name === 'AFROUTER_CONTROL_TOKEN')!.value, '(set)');
  assert.doesNotMatch(bed.daemon.output, new RegExp(TOKEN));
});

async function withAuthorizationAsked(control: ControlClient): Promise<Message> {
  const outcome = await control.outcome('GetConfiguration', {}, { metadata: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(outcome.code, 0, outcome.details);
  return outcome.messages[0]!;
}

test('the token may stand in a file; ctl sends it', async (context) => {
  const file = files.write('token', `${TOKEN}\n`);
  const bed = await Bed.start({ ...PLAN, daemon: { env: { AFROUTER_CONTROL_TOKEN_FILE: file } } });
  context.after(() => bed.stop());
  const address = ['--address', `127.0.0.1:${bed.controlPort}`];
  const refused = await runCtl(['version', ...address]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /Bearer TOKEN is needed.*--token-file/);
  for (const [flags, env] of [
    [['--token', TOKEN], {}],
    [['--token-file', file], {}],
    [[], { AFROUTER_CONTROL_TOKEN: TOKEN }],
    [[], { AFROUTER_CONTROL_TOKEN_FILE: file }],
  ] as const) {
    const { code, err } = await runCtl(['version', ...address, ...flags], env);
    assert.equal(code, 0, err);
  }
});

test('with a ca, clients must show a certificate of it; new certificates are taken while the router runs', async (context) => {
  const [mine, other, next] = [new Authority('mine'), new Authority('other'), new Authority('next')];
  const server = files.writePair('api', mine.issue(HERE));
  const bed = await Bed.start({
    ...PLAN,
    api: { tls: { ...server, ca: files.write('api-ca.pem', mine.pem) } },
    daemon: { env: { AFROUTER_CERTIFICATE_POLL_MS: '50' } },
  });
  context.after(() => bed.stop());
  const operator = mine.issue({ name: 'operator' });
  const as = async (secured = credentials.createInsecure()): Promise<number> => {
    const control = new ControlClient(bed.controlPort, secured);
    const { code } = await control.outcome('GetVersion', {}, { deadlineMs: 5000 });
    control.stop();
    return code;
  };
  assert.equal(await as(trusts(mine.pem, operator)), 0);
  assert.equal(await as(trusts(mine.pem)), status.UNAVAILABLE, 'no certificate');
  assert.equal(
    await as(trusts(mine.pem, other.issue({ name: 'operator' }))),
    status.UNAVAILABLE,
    'of another authority',
  );
  assert.equal(await as(trusts(other.pem, operator)), status.UNAVAILABLE, 'the router is not who it should be');
  assert.notEqual(await as(), 0, 'plain text');

  const own = files.writePair('operator', operator);
  const ctl = ['version', '--address', `localhost:${bed.controlPort}`];
  const secured = await runCtl([...ctl, '--ca', files.file('api-ca.pem'), '--cert', own.certificate, '--key', own.key]);
  assert.equal(secured.code, 0, secured.err);
  assert.equal((await runCtl(ctl)).code, 1);

  const { messages } = await dump(bed.controlPort, trusts(mine.pem, operator));
  assert.doesNotMatch(JSON.stringify(messages), /BEGIN/, 'no key and no certificate leaves the process');

  files.writePair('api', next.issue(HERE));
  await eventually('the new certificate is shown', async () => (await as(trusts(next.pem, operator))) === 0);
});

test('certificates can be asked for, and no more, by a new configuration', async (context) => {
  const authority = new Authority('reloaded');
  const bed = await Bed.start(PLAN);
  context.after(() => bed.stop());
  const code = async (secured = credentials.createInsecure()): Promise<number> => {
    const control = new ControlClient(bed.controlPort, secured);
    const outcome = await control.outcome('GetVersion', {}, { deadlineMs: 5000 });
    control.stop();
    return outcome.code;
  };
  const file = (api: object) => routingFile({ ...PLAN, api }, bed.port, bed.controlPort, bed.replicas);
  assert.equal(await code(), 0);
  const tls = { ...files.writePair('later', authority.issue(HERE)), ca: files.write('later-ca.pem', authority.pem) };
  assert.equal((await bed.daemon.reload(file({ tls }))).event, 'config_applied');
  assert.notEqual(await code(), 0);
  assert.notEqual(await code(trusts(authority.pem)), 0);
  assert.equal(await code(trusts(authority.pem, authority.issue({ name: 'operator' }))), 0);
  assert.equal((await bed.daemon.reload(file({}))).event, 'config_applied');
  assert.equal(await code(), 0);
});

async function dump(port: number, secured: ReturnType<typeof trusts>) {
  const control = new ControlClient(port, secured);
  const outcome = await control.outcome('GetConfiguration');
  assert.equal(outcome.code, 0, outcome.details);
  control.stop();
  return outcome;
}

test('the control API that all the network reaches, without a token or certificates, is warned of', async (context) => {
  const bed = await Bed.start({ ...PLAN, api: { address: '0.0.0.0' } });
  context.after(() => bed.stop());
  await bed.daemon.untilLine((line) => line.event === 'control_open' && line.level === 'warn', 'a warning');
  const guarded = await Bed.start({
    ...PLAN,
    api: { address: '0.0.0.0' },
    daemon: { env: { AFROUTER_CONTROL_TOKEN: TOKEN } },
  });
  context.after(() => guarded.stop());
  assert.ok(!guarded.daemon.lines.some(({ event }) => event === 'control_open'));
});

for (const version of ['v1', 'v1alpha'] as const) {
  test(`reflection ${version}: a client that has no file finds the services, and calls one`, async (context) => {
    const bed = await Bed.start(PLAN);
    context.after(() => bed.stop());
    const reflection = new ServiceClient(reflectionService(version), bed.controlPort);
    context.after(() => reflection.stop());
    const list = await reflection.call('ServerReflectionInfo', { listServices: '' });
    const { service } = list.messages[0]!.listServicesResponse as { service: { name: string }[] };
    assert.deepEqual(service.map(({ name }) => name).sort(), [
      'afrouter.Configuration',
      'afrouter.v1.Control',
      'grpc.health.v1.Health',
    ]);

    const found = await reflection.call('ServerReflectionInfo', { fileContainingSymbol: 'afrouter.v1.Control' });
    const { fileDescriptorProto } = found.messages[0]!.fileDescriptorResponse as { fileDescriptorProto: Buffer[] };
    const learned = loadServiceFromDescriptorSet(
      Buffer.concat(fileDescriptorProto.map(asSetEntry)),
      'afrouter.v1.Control',
    );
    const client = new ServiceClient(learned, bed.controlPort);
    context.after(() => client.stop());
    const { code, messages } = await client.call('ListClusters', { cluster: 'shards' });
    assert.equal(code, 0);
    assert.equal((messages[0]!.clusters as { name: string }[])[0]!.name, 'shards');
    assert.ok(Buffer.concat(fileDescriptorProto).includes('open_streams'), 'fields have the names of the file');
  });
}

function reflectionService(version: 'v1' | 'v1alpha') {
  const file = `../node_modules/@grpc/reflection/build/proto/grpc/reflection/${version}/reflection.proto`;
  return loadService(file, `grpc.reflection.${version}.ServerReflection`);
}

/** A FileDescriptorProto as `file` (field 1) of a FileDescriptorSet. */
function asSetEntry(file: Buffer): Buffer {
  const length: number[] = [];
  let rest = file.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return Buffer.concat([Buffer.from([0x0a, ...length, rest]), file]);
}
