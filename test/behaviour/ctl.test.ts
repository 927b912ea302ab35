import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { type CtlResult, runCtl, spawnCtl } from '../support/ctl.js';
import { echo, echoService } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-ports.js';
import { Replica } from '../support/replica.js';

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: { shards: { a: ['a1', 'a2'], b: ['b1'] }, 'other.cluster': { 'x.y': ['z'], b: ['o1'] } },
    control: true,
    routes: [
      {
        name: 'by-key',
        type: 'rpc_affinity_message',
        association: 'round_robin',
        routing_field: 'key',
        backend_cluster: 'shards',
        methods: ['Get'],
      },
      {
        name: 'seats',
        type: 'binding',
        association: 'round_robin',
        binding: { type: 'header', field: 'seat', method: 'Subscribe', association: 'round_robin', exclusive: true },
        backend_cluster: 'shards',
        methods: ['Subscribe'],
      },
      roundRobin('turns', 'shards', ['Unary', 'Bidi']),
    ],
  });
});

after(() => bed.stop());
afterEach(() => bed.handle());

/** Runs it against the bed's router. */
function run(...args: string[]): Promise<CtlResult> {
  return runCtl(args, { AFROUTER_CONTROL_ADDRESS: `127.0.0.1:${bed.controlPort}` });
}

/** What it prints, which must be all it says. */
async function printed(...args: string[]): Promise<string> {
  const { code, out, err } = await run(...args);
  assert.deepEqual([code, err], [0, ''], args.join(' '));
  return out;
}

/** The one JSON value that it prints with --json. */
// biome-ignore lint/suspicious/noExplicitAny: what scripts see has no type
async function json(...args: string[]): Promise<any> {
  const out = await printed(...args, '--json');
  assert.equal(out.trimEnd().split('\n').length, 1);
  return JSON.parse(out);
}

test('clusters: a table for people, JSON for scripts', async () => {
  const lines = (await printed('clusters')).trimEnd().split('\n');
  assert.match(lines[0]!, /^CLUSTER +BACKEND +CONNECTION +ADDRESS +STATE +DRAINED +STREAMS +DIALS +LAST ERROR$/);
  assert.equal(lines.length, 6);
  const a1 = new RegExp(`^shards +a +a1 +127\\.0\\.0\\.1:${bed.replica('a1').port} +open +no +0 +1$`);
  assert.match(lines[1]!, a1);
  const { clusters } = await json('clusters', '--cluster', 'other.cluster');
  assert.deepEqual(
    clusters.map(({ name, backends }: { name: string; backends: { name: string }[] }) => [
      name,
      backends.map((backend) => backend.name),
    ]),
    [['other.cluster', ['x.y', 'b']]],
  );
});

test('clusters --watch prints what changes, until it is ended', async () => {
  const address = `127.0.0.1:${bed.controlPort}`;
  const child = spawnCtl(['clusters', '--watch', '--json', '--cluster', 'shards', '--address', address]);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const events = () =>
    out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  try {
    await eventually('the snapshot', () => events().length === 1 && events()[0].snapshot.clusters[0].name === 'shards');
    await run('drain', 'a.a2');
    await eventually('the change', () =>
      events().some(({ changed }) => changed?.connections.some((c: { drained: boolean }) => c.drained)),
    );
  } finally {
    child.kill();
    await run('undrain', 'a.a2');
  }
});

test('drain and undrain take a backend or a connection, whatever dots are in the names', async () => {
  assert.match(await printed('drain', 'a'), /shards +a +a1 .* backend /);
  assert.equal((await json('undrain', 'a')).drained, false);
  const { name, connections } = await json('drain', 'x.y.z');
  assert.deepEqual([name, connections[0].drained], ['x.y', true]);
  assert.match(await printed('undrain', 'x.y.z'), / no /);
  const ambiguous = await run('drain', 'b');
  assert.equal(ambiguous.code, 1);
  assert.match(ambiguous.err, /clusters shards, other\.cluster: say which with --cluster/);
  assert.equal((await json('drain', 'b', '--cluster', 'shards')).cluster, 'shards');
  await printed('undrain', 'b', '--cluster', 'shards');
  const unknown = await run('drain', 'nobody');
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /"nobody"/);
});

test('affinities: set, get, list, delete', async () => {
  assert.match(await printed('affinities', 'set', 'echo', 'by-key', 'k1', 'b'), /^KEY +CLUSTER.*\nk1 +shards +b +0\n$/);
  assert.equal((await bed.client.call('Get', { key: 'k1' })).messages[0]!.replica, 'b1');
  const bound = { key: 'k1', cluster: 'shards', backend: 'b', calls: 0 };
  assert.deepEqual(await json('affinities', 'get', 'echo', 'by-key', 'k1'), bound);
  for (let i = 2; i <= 5; i++) await bed.client.call('Get', { key: `k${i}` });
  const { affinities, total } = await json('affinities', 'list', 'echo', 'by-key', '--limit', '3');
  assert.deepEqual([affinities.map(({ key }: { key: string }) => key), total], [['k1', 'k2', 'k3'], 5]);
  assert.match(await printed('affinities', 'list', 'echo', 'by-key', '--limit', '2'), /\n2 of 5; more with --limit\n$/);
  const elsewhere = await run('affinities', 'set', 'echo', 'by-key', 'k1', 'a');
  assert.deepEqual([elsewhere.code, elsewhere.out], [1, '']);
  assert.match(elsewhere.err, /backend b/);
  assert.deepEqual(await json('affinities', 'delete', 'echo', 'by-key', 'k1'), bound);
  assert.equal((await run('affinities', 'get', 'echo', 'by-key', 'k1')).code, 1);
});

test('a key that holds control characters cannot drive the terminal', async () => {
  await bed.client.call('Get', { key: '\u001b[2J\nfake' });
  const out = await printed('affinities', 'list', 'echo', 'by-key');
  assert.ok(!out.includes('\u001b'));
  assert.match(out, /\\x1b\[2J\\x0afake/);
});

test('bindings: list, get, set and delete', async () => {
  const { headers } = await bed.client.call('Subscribe', {}, { metadata: { seat: '' } });
  const seat = String(headers!.get('seat')[0]);
  assert.match(
    await printed('bindings', 'list'),
    new RegExp(`echo +seats +afrouter\\.test\\.Echo +seat +shards +${seat} +yes`),
  );
  assert.equal((await json('bindings', 'get', 'echo', 'seats', seat)).exclusive, true);
  assert.equal((await run('bindings', 'set', 'echo', 'seats', seat)).code, 1);
  assert.equal((await json('bindings', 'delete', 'echo', 'seats', seat)).backend, seat);
  assert.equal((await json('bindings', 'set', 'echo', 'seats', seat)).backend, seat);
  assert.equal((await json('bindings', 'delete', 'echo', 'seats', seat)).backend, seat);
  assert.deepEqual((await json('bindings', 'list')).bindings, []);
});

test('connection set moves a connection', async () => {
  const spare = await Replica.start('spare', echoService, echo);
  const { port } = bed.replica('o1');
  try {
    await printed('connection', 'set', 'b.o1', `127.0.0.1:${spare.port}`);
    await eventually('it is dialled', () => spare.connections === 1);
    assert.equal((await json('connection', 'set', 'b.o1', `127.0.0.1:${port}`)).port, port);
    await eventually('and left', () => spare.connections === 0);
  } finally {
    await spare.kill();
  }
  assert.match((await run('connection', 'set', 'b.o1', '127.0.0.1:70000')).err, /port 70000/);
});

test('calls: what is in flight, and only what is old', async () => {
  bed.handle(() => {});
  const call = bed.client.open('Bidi').send({ key: 'k' });
  const table = await eventually('it is listed', async () => {
    const out = await printed('calls');
    return out.includes('/Bidi') ? out : undefined;
  });
  assert.match(table, /^CALL +AGE +METHOD +ROUTE +CLUSTER +BACKEND +STATE +REPLICAS/);
  assert.match(
    table,
    /north\/\d+\/\d+ +\d\.\d s +\/afrouter\.test\.Echo\/Bidi +turns +shards +[ab] +linked +[ab]1:open/,
  );
  assert.equal((await json('calls')).calls[0].method, '/afrouter.test.Echo/Bidi');
  assert.deepEqual((await json('calls', '--older-than', '3600')).calls, []);
  call.cancel();
  await call.outcome;
});

test('log-level, config and version', async () => {
  assert.match(
    await printed('log-level'),
    /^COMPONENT +LEVEL\nmain +info\nmain\/northbound +info\n[\s\S]*^worker-0 +info\n/m,
  );
  assert.match(await printed('log-level', 'main', 'debug'), /main +debug/);
  assert.deepEqual(
    (await json('log-level', 'all', 'info')).components.map(({ level }: { level: string }) => level).includes('debug'),
    false,
  );
  assert.equal((await run('log-level', 'main', 'loud')).code, 1);
  assert.match(await printed('config'), /^SETTING +VALUE\nAFROUTER_CONFIG /);
  const { routing, settings } = await json('config');
  assert.equal(routing.api.port, bed.controlPort);
  assert.equal(settings.AFROUTER_RECONNECT_MIN_MS, '50');
  assert.match(await printed('version'), /^VERSION +NODE .*\n\d+\.\d+\.\d+ +v\d+/);
  assert.equal((await json('version')).pid, bed.daemon.pid);
});

test('a wrong command line is exit code 2, and says what is wrong and where help is', async () => {
  const cases: [string[], RegExp][] = [
    [[], /a command is missing/],
    [['constructor'], /unknown command "constructor"/],
    [['affinities', 'get', 'echo', 'by-key'], /KEY is missing/],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await run(...args);
    assert.deepEqual([code, out], [2, ''], args.join(' '));
    assert.match(err, message);
    assert.match(err, /afrouter ctl --help/);
  }
});

test('where nothing listens it says so, and where to look', async () => {
  const { code, out, err } = await runCtl(['version', '--address', `127.0.0.1:${await freePort()}`]);
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /no router answers at 127\.0\.0\.1:\d+ .*AFROUTER_CONTROL_ADDRESS.*ECONNREFUSED/);
});

test('--help names every command and goes to standard output; afrouter --help names ctl', async () => {
  const { code, out } = await runCtl(['--help']);
  assert.equal(code, 0);
  for (const command of [
    'clusters',
    'drain',
    'undrain',
    'connection set',
    'affinities list',
    'bindings get\\|set\\|delete',
    'calls',
    'log-level',
    'config',
    'version',
  ]) {
    assert.match(out, new RegExp(`^ {2}${command}`, 'm'));
  }
});

test('reload applies the routing file, or says every error and exits with 1', async () => {
  const before = readFileSync(bed.daemon.file, 'utf8');
  const missing = await run('reload', '--last');
  assert.deepEqual([missing.code, missing.out], [1, '']);
  assert.match(await printed('reload'), /control API: applied, no change\n$/);
  const wrong = JSON.parse(before);
  wrong.backend_clusters[0].backends = [];
  writeFileSync(bed.daemon.file, JSON.stringify(wrong));
  const rejected = await run('reload');
  assert.equal(rejected.code, 1);
  assert.match(rejected.out, /rejected, nothing has changed\nerror: .*backend_clusters\[0\]\.backends/);
  wrong.backend_clusters[0].backends = JSON.parse(before).backend_clusters[0].backends.slice(0, 1);
  writeFileSync(bed.daemon.file, JSON.stringify(wrong));
  const applied = await json('reload');
  assert.deepEqual([applied.applied, applied.removed], [true, ['backend shards/b', 'connection shards/b/b1']]);
  assert.equal((await json('reload', '--last')).atUnixMs, applied.atUnixMs);
  writeFileSync(bed.daemon.file, before);
  assert.match(await printed('reload'), /\+ backend shards\/b\n/);
  await bed.daemon.untilOpen(['b1']);
});
