import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Daemon, type DaemonSettings } from '../support/daemon.js';
import { freePort } from '../support/free-ports.js';
import { inRepository } from '../support/paths.js';
import { volthaFile, volthaIsThere } from '../support/voltha.js';

interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly ready: boolean;
}

let directory: string;
let port: number;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'afrouter-configuration-'));
  port = await freePort();
});

after(() => rmSync(directory, { recursive: true, force: true }));

async function run(configuration: unknown, settings: DaemonSettings = {}): Promise<Run> {
  const daemon = Daemon.spawn(configuration, settings);
  // A file that should have been refused, or only checked, must not leave a router behind.
  const tooLong = setTimeout(() => daemon.signal('SIGKILL'), 15_000);
  const { code } = await daemon.exit;
  clearTimeout(tooLong);
  return { code, output: daemon.output, ready: daemon.lines.some((line) => line.event === 'ready') };
}

function check(configuration: unknown, settings: DaemonSettings = {}): Promise<Run> {
  return run(configuration, { ...settings, args: ['--config', settings.file ?? '$FILE', '--dry-run'] });
}

/** A file in which everything is right; each test spoils its own copy. */
function good() {
  return {
    servers: [
      {
        name: 'north',
        address: '127.0.0.1',
        port: port as unknown,
        type: 'grpc',
        routers: [{ package: 'afrouter.test', service: 'Echo', router: 'echo' as string | undefined }],
      },
    ],
    routers: [
      {
        name: 'echo',
        package: 'afrouter.test',
        service: 'Echo',
        proto_descriptor: inRepository('protos/echo.proto') as string | undefined,
        routes: [
          {
            name: 'keyed',
            type: 'rpc_affinity_message',
            association: 'round_robin',
            routing_field: 'key',
            backend_cluster: 'shards',
            methods: ['Get', 'Create'],
            nb_binding_methods: ['Create'],
          },
          { name: 'rest', type: 'round_robin', association: 'round_robin', backend_cluster: 'shards', methods: ['*'] },
        ] as Record<string, unknown>[],
      },
    ],
    backend_clusters: [
      {
        name: 'shards',
        backends: [
          {
            name: 'a',
            type: 'active_active',
            association: { strategy: 'serial_number', location: 'header', key: 'x-serial' } as object | undefined,
            connections: [
              { name: 'a1', addr: '127.0.0.1', port: 1 as unknown },
              { name: 'a2', addr: '127.0.0.1', port: '2' as unknown },
            ] as Record<string, unknown>[],
          },
        ],
      },
    ],
  };
}

type Good = ReturnType<typeof good>;

function spoiled(spoil: (file: Good) => void): Good {
  const file = good();
  spoil(file);
  return file;
}

async function assertValid(configuration: unknown, settings?: DaemonSettings): Promise<Run> {
  const result = await check(configuration, settings);
  assert.equal(result.code, 0, result.output);
  return result;
}

/** @param places what the output must name: JSON paths, values */
async function assertInvalid(configuration: unknown, ...places: (string | RegExp)[]): Promise<void> {
  const { code, output, ready } = await check(configuration);
  assert.equal(code, 1, `exit code ${code}: ${output}`);
  assert.equal(ready, false);
  assert.match(output, /routing\.json/, 'names the file');
  for (const place of places) {
    if (typeof place === 'string') assert.ok(output.includes(place), `${place} in: ${output}`);
    else assert.match(output, place);
  }
  assert.doesNotMatch(output, /^\s+at .*\.js:\d+/m, 'no stack trace');
}

test('--dry-run checks a good file and exits 0 without opening a port', async () => {
  const { ready } = await assertValid(good());
  assert.equal(ready, false);
});

test('all errors are reported at once, with JSON path, what was found and what is allowed; exit code 1, no port opened', async () => {
  const wrong = spoiled((file) => {
    Object.assign(file.servers[0]!, { nonsense: 1, type: 'http' });
    file.servers.push({ ...good().servers[0]!, name: 'second', port: 70_000 });
    file.servers[1]!.routers[0]!.router = 'nowhere';
    file.routers[0]!.routes[1]!.backend_cluster = 'no-such-cluster';
    file.routers[0]!.routes[0]!.routing_field = 'no_such_field';
    file.backend_clusters[0]!.backends[0]!.association = undefined;
    file.backend_clusters[0]!.backends[0]!.connections[1]!.port = 'eighty';
  });
  let opened = false;
  const daemon = Daemon.spawn(wrong);
  const probe = setInterval(() => {
    const socket = connect(port, '127.0.0.1', () => {
      opened = true;
      socket.destroy();
    });
    socket.on('error', () => {});
  }, 5);
  const { code } = await daemon.exit;
  clearInterval(probe);
  assert.equal(code, 1, daemon.output);
  assert.equal(opened, false, 'no port was opened');
  for (const expected of [
    'routing.json',
    'servers[0].nonsense',
    'servers[0].type',
    '"http"',
    '"streaming_grpc"',
    'servers[1].port',
    '70000',
    'backend_clusters[0].backends[0].association',
    'backend_clusters[0].backends[0].connections[1].port',
    '"eighty"',
  ]) {
    assert.ok(daemon.output.includes(expected), `${expected} in: ${daemon.output}`);
  }
  for (const expected of [
    'servers[1].routers[0].router',
    '"nowhere"',
    'routers[0].routes[1].backend_cluster',
    '"no-such-cluster"',
    'routers[0].routes[0].methods[0]',
    "'no_such_field'",
  ]) {
    assert.ok(daemon.output.includes(expected), `${expected} in: ${daemon.output}`);
  }
});

for (const [rule, spoil, ...places] of [
  ['names are required', (f) => delete (f.servers[0] as Partial<Good['servers'][0]>).name, 'servers[0].name'],
  ['a server has routers', (f) => (f.servers[0]!.routers = []), 'servers[0].routers'],
  ['a router has routes', (f) => (f.routers[0]!.routes = []), 'routers[0].routes'],
  ['a route has methods', (f) => (f.routers[0]!.routes[0]!.methods = []), 'routers[0].routes[0].methods'],
  ['a route has a type', (f) => (f.routers[0]!.routes[0]!.type = 'random'), 'routers[0].routes[0].type', '"random"'],
  ['an unknown key is an error', (f) => (f.routers[0]!.routes[0]!.metods = []), 'routers[0].routes[0].metods'],
  [
    'a method belongs to one route only',
    (f) => (f.routers[0]!.routes[1]!.methods = ['Get']),
    'routers[0].routes[1].methods[0]',
    '"Get"',
  ],
  [
    'rpc_affinity_message needs an association',
    (f) => delete f.routers[0]!.routes[0]!.association,
    'routers[0].routes[0].association',
  ],
  [
    'rpc_affinity_message needs a routing field',
    (f) => delete f.routers[0]!.routes[0]!.routing_field,
    'routers[0].routes[0].routing_field',
  ],
  [
    'a routing field is text or an integer',
    (f) => (f.routers[0]!.routes[0]!.routing_field = 'payload'),
    'routers[0].routes[0]',
    'payload',
  ],
  [
    'an nb_binding method is one of the route’s methods',
    (f) => (f.routers[0]!.routes[0]!.nb_binding_methods = ['Aim']),
    'routers[0].routes[0].nb_binding_methods[0]',
    '"Aim"',
  ],
  [
    'the response of an nb_binding method has the field',
    (f) => (f.routers[0]!.routes[0]!.routing_field = 'plain'),
    'routers[0].routes[0]',
    'plain',
  ],
  [
    'a binding needs type, field, method and association',
    (f) =>
      f.routers[0]!.routes.push({
        name: 'b',
        type: 'binding',
        binding: {},
        backend_cluster: 'shards',
        methods: ['Aim'],
      }),
    'routers[0].routes[2].binding.type',
    'routers[0].routes[2].binding.field',
    'routers[0].routes[2].binding.method',
    'routers[0].routes[2].binding.association',
  ],
  [
    'a cluster is defined once',
    (f) => f.backend_clusters.push(good().backend_clusters[0]!),
    'backend_clusters[1].name',
  ],
  [
    'a backend of type server has one connection',
    (f) => Object.assign(f.backend_clusters[0]!.backends[0]!, { type: 'server', association: undefined }),
    'backend_clusters[0].backends[0].connections',
  ],
  [
    'one half of an address is an error',
    (f) => (f.backend_clusters[0]!.backends[0]!.connections[0]!.port = ''),
    'backend_clusters[0].backends[0].connections[0]',
  ],
  [
    'an association has a strategy',
    (f) => (f.backend_clusters[0]!.backends[0]!.association = { strategy: 'guess', location: 'header' }),
    'backend_clusters[0].backends[0].association.strategy',
    '"guess"',
  ],
  [
    'a definition that is not there is named',
    (f) => (f.routers[0]!.proto_descriptor = 'no/such/file.pb'),
    'routers[0].proto_descriptor',
    'no/such/file.pb',
  ],
] as [string, (file: Good) => unknown, ...string[]][]) {
  test(`error: ${rule}`, () => assertInvalid(spoiled(spoil), ...places));
}

test('keys that begin with _ are comments, and a repeated key is never an error', async () => {
  const text = JSON.stringify(good())
    .replaceAll('{"name"', '{"_note":"x","_note":{"any":[1]},"_note":null,"name"')
    .replace('"backend_clusters"', '"_a":1,"_a":2,"backend_clusters"');
  assert.match(text, /_note/);
  await assertValid(text);
});

test('a method may be in one route and in a binding route', async () => {
  await assertValid(
    spoiled((file) =>
      file.routers[0]!.routes.push({
        name: 'bound',
        type: 'binding',
        binding: { type: 'header', field: 'x-b', method: 'Subscribe', association: 'round_robin' },
        backend_cluster: 'shards',
        methods: ['Subscribe', 'Get'],
      }),
    ),
  );
});

test('methods that the service does not have are warnings', async () => {
  const { output } = await assertValid(
    spoiled((file) => {
      file.routers[0]!.routes[1]!.methods = ['Aim', 'NotInTheService'];
      file.routers[0]!.routes[0]!.overrides = [{ methods: ['abc'], routing_field: 'key' }, { method: 'def' }];
    }),
  );
  for (const name of ['NotInTheService', 'abc', 'def']) assert.ok(output.includes(name), `${name} in: ${output}`);
});

test('both halves of an address empty: a connection that waits for one', async () => {
  await assertValid(
    spoiled((file) => Object.assign(file.backend_clusters[0]!.backends[0]!.connections[0]!, { addr: '', port: '' })),
  );
});

test('ports, certificates and the api of existing files are accepted', async () => {
  await assertValid({
    ...good(),
    ports: { grpcPort: 1, streamingGrpcPort: 2, tlsGrpcPort: 3, tlsStreamingGrpcPort: 4, controlPort: 5 },
    api: { address: '127.0.0.1', port: await freePort(), probeHost: '', probePort: 80 },
  });
});

test('the definition may be on the route instead, as in older files', async () => {
  await assertValid(
    spoiled((file) => {
      file.routers[0]!.proto_descriptor = undefined;
      file.routers[0]!.routes[0]!.proto_descriptor = inRepository('protos/echo.proto');
    }),
  );
});

test('a router whose routes need no field needs no definition', async () => {
  await assertValid(
    spoiled((file) => {
      file.routers[0]!.proto_descriptor = undefined;
      file.routers[0]!.routes.shift();
    }),
  );
});

test('a relative path is sought beside the file, then in the working directory', async () => {
  const relative = spoiled((file) => {
    file.routers[0]!.proto_descriptor = 'defs/echo.proto';
  });
  const place = (name: string) => {
    mkdirSync(join(directory, name, 'defs'), { recursive: true });
    symlinkSync(inRepository('protos/echo.proto'), join(directory, name, 'defs/echo.proto'));
    return join(directory, name);
  };
  const beside = join(place('beside'), 'routing.json');
  writeFileSync(beside, JSON.stringify(relative));
  await assertValid(relative, { file: beside, cwd: tmpdir() });
  await assertValid(relative, { cwd: place('working') });
  assert.equal((await check(relative, { cwd: tmpdir() })).code, 1);
});

test('a file that is not there, or is no JSON, is named, with the place', async () => {
  const missing = join(directory, 'missing.json');
  const { code, output } = await check(good(), { file: missing });
  assert.equal(code, 1);
  assert.ok(output.includes(missing), output);
  await assertInvalid('{\n  "servers": [\n    oops\n', /line 3/);
  await assertInvalid('[]');
  await assertInvalid('');
});

test('the file comes from AFROUTER_CONFIG, a flag wins over it', async () => {
  const file = join(directory, 'env.json');
  writeFileSync(file, JSON.stringify(good()));
  const fromEnvironment = await run({}, { args: ['--dry-run'], env: { AFROUTER_CONFIG: file } });
  assert.equal(fromEnvironment.code, 0, fromEnvironment.output);
  const flag = await run({}, { args: ['--dry-run', '--config', '$FILE'], env: { AFROUTER_CONFIG: file } });
  assert.equal(flag.code, 1, 'the empty file of the flag');
});

test('a setting that is none is an error that names the variable', async () => {
  const { code, output } = await check(good(), { env: { AFROUTER_REPLAY_LIMIT: 'much' } });
  assert.equal(code, 1);
  assert.match(output, /AFROUTER_REPLAY_LIMIT/);
  assert.match(output, /much/);
});

test('no file given: exit code 1 and a hint', async () => {
  const { code, output } = await run({}, { args: [] });
  assert.equal(code, 1);
  assert.match(output, /--config/);
});

test('an unknown flag is an error that names it', async () => {
  const { code, output } = await run({}, { args: ['--cofnig', 'x'] });
  assert.equal(code, 1);
  assert.match(output, /--cofnig/);
});

test('--version prints the version', async () => {
  const { code, output } = await run({}, { args: ['--version'] });
  assert.equal(code, 0);
  const { version } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as { version: string };
  assert.ok(output.includes(version), output);
});

test('--help names every flag and the environment', async () => {
  const { code, output } = await run({}, { args: ['--help'] });
  assert.equal(code, 0);
  for (const word of ['--config', '--log-level', '--dry-run', '--version', '--help', 'AFROUTER_CONFIG']) {
    assert.ok(output.includes(word), word);
  }
});

test('a port that is taken: exit code 1, and the address is named', async () => {
  const first = await Daemon.start(good());
  try {
    const { code, output, ready } = await run(good());
    assert.equal(code, 1);
    assert.equal(ready, false);
    assert.ok(output.includes(String(port)), output);
  } finally {
    await first.stop();
  }
});

test('the real files load unchanged', { skip: volthaIsThere ? false : '../shared/voltha is absent' }, async () => {
  // arouter.json names its definition by a path inside the source tree it comes from.
  const source = join(directory, 'voltha-go');
  const definition = join(source, 'vendor/github.com/opencord/voltha-protos/go/voltha.pb');
  mkdirSync(dirname(definition), { recursive: true });
  symlinkSync(volthaFile('voltha.pb'), definition);
  await assertValid({}, { file: volthaFile('arouter.json'), cwd: source });
  await assertValid({}, { file: volthaFile('arouter_k8s.json') });
  const { output } = await assertValid({}, { file: volthaFile('arouter_test.json') });
  assert.match(output, /abc/, 'the overrides name methods that do not exist: warnings');
});
