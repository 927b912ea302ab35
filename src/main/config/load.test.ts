import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inRepository } from '../../../test/support/paths.js';
import {
  loadChanged,
  problemsOf,
  shopDirectory,
  shopRouting,
  writeRouting,
} from '../../../test/support/routing-fixture.js';
import { packageFile } from '../package-file.js';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { loadRoutingFile } from './load.js';
import type { RoutingFile } from './routing-file.js';

const REAL = inRepository('../shared/voltha');
const skip = existsSync(REAL) ? false : 'the real files are not here';

function method(config: RoutingFile, route: string, name: string) {
  const methods = config.routers[0].routes.find((candidate) => candidate.name === route)?.methods;
  const found = methods?.find((candidate) => candidate.name === name);
  assert.ok(found, `${route} ${name}`);
  return found;
}

function problems(file: string): readonly ConfigProblem[] {
  try {
    loadRoutingFile(file);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('arouter.json loads unchanged, with its descriptor beside it', { skip }, () => {
  const { config, warnings } = loadRoutingFile(join(REAL, 'arouter.json'));
  assert.deepEqual(config.servers, [
    {
      name: 'grpc_command',
      address: 'localhost',
      port: 55555,
      routers: [{ package: 'voltha', service: 'VolthaService', router: 'vcore' }],
      tls: undefined,
    },
  ]);
  assert.deepEqual(config.api, { address: 'localhost', port: 55554, tls: undefined });
  assert.deepEqual(method(config, 'dev_manager', 'EnableDevice').requestField, {
    path: 'id',
    numbers: [1],
    type: 'string',
  });
  const create = method(config, 'dev_manager', 'CreateDevice');
  assert.equal(create.requestField, undefined);
  assert.deepEqual(create.responseField, { path: 'id', numbers: [1], type: 'string' });
  const unknown = method(config, 'read_only', 'GetLogicalDevices');
  assert.deepEqual([unknown.defined, unknown.requestStream, unknown.responseStream], [false, false, false]);
  assert.equal(method(config, 'dev_manager_ofagent', 'StreamPacketsOut').requestStream, true);
  assert.equal(method(config, 'dev_manager_ofagent', 'ReceivePacketsIn').responseStream, true);
  assert.deepEqual(config.routers[0].routes[2].binding, {
    field: 'voltha_backend_name',
    method: 'Subscribe',
    exclusive: false,
  });
  assert.deepEqual(config.clusters[0].backends[0], {
    name: 'vcore1',
    type: 'active_active',
    association: { strategy: 'serial_number', location: 'header', key: 'voltha_serial_number' },
    connections: [
      { name: 'vcore11', addr: 'voltha-rw-core-11.voltha.svc.cluster.local', port: 50057 },
      { name: 'vcore12', addr: 'voltha-rw-core-12.voltha.svc.cluster.local', port: 50057 },
    ],
    tls: undefined,
  });
  assert.equal(warnings.filter((text) => text.includes('is used instead')).length, 1);
  assert.equal(warnings.filter((text) => text.includes("no method 'GetLogicalDevices'")).length, 1);
  assert.equal(warnings.filter((text) => text.includes('no effect there')).length, 8);
  assert.equal(warnings.length, 10);
});

test('the control API of a file without its address, or with an empty one, is for this machine only', (context) => {
  for (const address of [{}, { address: '' }]) {
    const root = shopRouting();
    root.api = { port: 55554, ...address };
    const { config } = loadRoutingFile(writeRouting(shopDirectory(context), root));
    assert.equal(config.api?.address, '127.0.0.1');
  }
});

test('arouter_k8s.json loads unchanged: its connections wait for an address', { skip }, () => {
  const { config, warnings } = loadRoutingFile(join(REAL, 'arouter_k8s.json'));
  const connections = config.clusters.flatMap((cluster) => cluster.backends.flatMap((backend) => backend.connections));
  assert.equal(connections.length, 9);
  assert.ok(connections.every(({ addr, port }) => addr === '' && port === 0));
  assert.equal(config.servers[0].address, '');
  // The descriptor is on the first route, and serves the others too.
  assert.ok(config.routers[0].routes.every((route) => route.hasDescriptor));
  assert.equal(warnings.length, 9);
});

test('arouter_test.json loads unchanged, with its repeated comments', { skip }, () => {
  const { config, warnings } = loadRoutingFile(join(REAL, 'arouter_test.json'));
  const ports = config.clusters[0].backends.flatMap((backend) => backend.connections.map(({ port }) => port));
  assert.deepEqual(ports, [5011, 5012, 5021, 5022, 5031, 5032]);
  assert.equal(config.routers[0].routes[1].cluster, 'vcore');
  assert.equal(warnings.length, 8);
});

test('config/example.json loads without a warning', () => {
  const { config, warnings } = loadRoutingFile(packageFile('config/example.json'));
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    config.routers[0].routes[2].methods.map(({ name }) => name),
    ['ListDevices', 'Subscribe', 'ReceiveEvents'],
  );
});

test('defaults are filled in', (context) => {
  const { config } = loadChanged(context, ({ server, one }) => {
    server.routers = [
      { package: '', router: 'shop' },
      { package: '*', router: 'shop' },
    ].slice(1);
    one.association = { location: 'header' };
    delete one.connections[0].addr;
    delete one.connections[0].port;
  });
  assert.equal(config.servers[0].routers[0].service, '*');
  assert.deepEqual(config.clusters[0].backends[0].association, {
    strategy: 'serial_number',
    location: 'header',
    key: 'voltha_serial_number',
  });
  assert.deepEqual(config.clusters[0].backends[0].connections[0], { name: 'a', addr: '', port: 0 });
  assert.deepEqual(config.clusters[0].backends[0].connections[1], { name: 'b', addr: '127.0.0.1', port: 5002 });
  assert.equal(config.clusters[0].backends[1].association, undefined);
  assert.equal(config.api, undefined);
  assert.equal(config.routers[0].routes[0].routingFieldDefault, false);
  assert.equal(config.routers[0].routes[1].binding?.exclusive, false);
});

test('metadata keys are in lower case, brackets are gone', (context) => {
  const { config } = loadChanged(context, ({ orders, members, one, server }) => {
    Object.assign(orders, { type: 'rpc_affinity_header', routing_field: 'X-Order' });
    delete orders.nb_binding_methods;
    members.binding.field = 'Shard';
    one.association.key = 'TXN';
    server.address = '[::1]';
  });
  const [orders, members] = config.routers[0].routes;
  assert.equal(orders.routingField, 'x-order');
  assert.deepEqual(
    orders.methods.map(({ routingKey, requestField }) => [routingKey, requestField]),
    orders.methods.map(() => ['x-order', undefined]),
  );
  assert.equal(members.binding?.field, 'shard');
  assert.equal(config.clusters[0].backends[0].association?.key, 'txn');
  assert.equal(config.servers[0].address, '::1');
});

test('overrides change the field, and without one a method goes round robin', (context) => {
  const { config } = loadChanged(context, ({ orders }) => {
    orders.overrides = [{ method: 'Upload', routing_field: 'order' }, { methods: ['Get', 'Create'] }];
  });
  assert.deepEqual(method(config, 'orders', 'Upload').requestField, { path: 'order', numbers: [2], type: 'string' });
  for (const name of ['Get', 'Create']) {
    const { requestField, responseField } = method(config, 'orders', name);
    assert.deepEqual([requestField, responseField], [undefined, undefined]);
  }
});

test('overrides change the metadata key of rpc_affinity_header', (context) => {
  const { config } = loadChanged(context, ({ orders }) => {
    Object.assign(orders, { type: 'rpc_affinity_header', routing_field: 'x-order' });
    delete orders.nb_binding_methods;
    orders.overrides = [{ method: 'Upload', routing_field: 'X-Line' }, { method: 'Get' }];
  });
  assert.deepEqual(
    ['Create', 'Upload', 'Get'].map((name) => method(config, 'orders', name).routingKey),
    ['x-order', 'x-line', undefined],
  );
});

test('a source route reads its field from the request', (context) => {
  const { config } = loadChanged(context, ({ orders }) => {
    Object.assign(orders, {
      type: 'source',
      methods: ['Create'],
      routing_field: 'parent.id',
      routing_field_default: true,
    });
    delete orders.nb_binding_methods;
  });
  assert.deepEqual(method(config, 'orders', 'Create').requestField, {
    path: 'parent.id',
    numbers: [20, 1],
    type: 'string',
  });
  assert.equal(config.routers[0].routes[0].routingFieldDefault, true);
});

test('a wildcard takes what no route under the same metadata key names', (context) => {
  const { config } = loadChanged(context, ({ members, rest }) => {
    members.methods = ['*'];
    rest.methods = ['*'];
  });
  const names = (route: number) => config.routers[0].routes[route].methods.map(({ name }) => name);
  assert.deepEqual(names(1), ['Create', 'Get', 'List', 'Upload', 'Join']);
  assert.deepEqual(names(2), ['List', 'Join']);
  assert.deepEqual(
    config.routers[0].routes.map(({ wildcard }) => wildcard),
    [false, true, true],
  );
});

test('a wildcard without a definition lists no methods', (context) => {
  const { config } = loadChanged(context, ({ router, rest }) => {
    delete router.proto_descriptor;
    router.routes = [{ ...rest, methods: ['*'] }];
  });
  const [route] = config.routers[0].routes;
  assert.deepEqual([route.wildcard, route.hasDescriptor, route.methods], [true, false, []]);
});

test('association fields are found for each backend and method', (context) => {
  const { config } = loadChanged(context, ({ one }) => {
    one.association = { location: 'protobuf', field: 'id' };
  });
  assert.deepEqual(config.clusters[0].backends[0].association, {
    strategy: 'serial_number',
    location: 'protobuf',
    key: '',
  });
  assert.deepEqual(method(config, 'orders', 'Upload').associationFields, [
    { path: 'id', numbers: [3], type: 'string' },
    undefined,
  ]);
  assert.deepEqual(method(config, 'rest', 'List').associationFields, [undefined, undefined]);
});

test('without a protobuf association there are no association fields', (context) => {
  const { config } = loadChanged(context, () => undefined);
  assert.deepEqual(method(config, 'orders', 'Upload').associationFields, []);
});

test('all errors are reported at once, of the schema and of the references', (context) => {
  const found = problemsOf(context, ({ server, orders, rest, one, two }) => {
    server.port = 0;
    server.routers[0].router = 'nobody';
    orders.backend_cluster = 'nowhere';
    orders.nb_binding_methods = ['List'];
    rest.methods.push('Get');
    rest.colour = 'red';
    one.connections[0].addr = '';
    two.name = 'one';
  });
  assert.deepEqual(found.map(([path]) => path).sort(), [
    'backend_clusters[0].backends[0].connections[0].addr',
    'backend_clusters[0].backends[1].name',
    'routers[0].routes[0].backend_cluster',
    'routers[0].routes[0].nb_binding_methods[0]',
    'routers[0].routes[2].colour',
    'routers[0].routes[2].methods[1]',
    'servers[0].port',
    'servers[0].routers[0].router',
  ]);
});

test('an error has one line for each problem, with the file', (context) => {
  const root = shopRouting();
  root.servers[0].port = 'x\ny';
  root.api = { port: 0 };
  const file = writeRouting(shopDirectory(context), root);
  assert.throws(() => loadRoutingFile(file), {
    name: 'ConfigError',
    message: [
      `${file}: servers[0].port: found "x\\ny", allowed: a number from 1 to 65535`,
      `${file}: api.port: found 0, allowed: a number from 1 to 65535`,
    ].join('\n'),
  });
});

test('repeated keys are no error, nor is a byte order mark; the last value counts', (context) => {
  const text = JSON.stringify(shopRouting()).replace('"port":5000', '"_":1,"_":2,"port":4,"port":6000');
  const { config } = loadRoutingFile(writeRouting(shopDirectory(context), `\uFEFF${text}`));
  assert.equal(config.servers[0].port, 6000);
});

test('a key that objects inherit is an unknown key like any other; __proto__ is a comment', (context) => {
  const text = JSON.stringify(shopRouting()).replace('{', '{"__proto__":{"api":1},"constructor":1,');
  const paths = problems(writeRouting(shopDirectory(context), text)).map(({ path }) => path);
  assert.deepEqual(paths, ['constructor']);
});

test('a syntax error is reported with its line and column', (context) => {
  const file = writeRouting(shopDirectory(context), '{\n  "servers": [],\n  "routers": [,]\n}');
  assert.deepEqual(problems(file), [{ file, path: 'line 3, column 15', found: '","', allowed: 'a value' }]);
});

test('a file that is not there is a problem, not a crash', (context) => {
  const file = join(shopDirectory(context), 'nope.json');
  const [problem] = problems(file);
  assert.equal(problem.path, 'the file');
  assert.match(problem.found, /ENOENT/);
});

for (const text of ['null', '[]', '"x"', '3']) {
  test(`a file that holds ${text} is not an object`, (context) => {
    const file = writeRouting(shopDirectory(context), text);
    const [problem] = problems(file);
    assert.deepEqual([problem.path, problem.allowed], ['the file', 'an object']);
  });
}

test('a descriptor is looked for beside the file first, then in the working directory', (context) => {
  const directory = shopDirectory(context);
  const root = shopRouting();
  const before = process.cwd();
  context.after(() => process.chdir(before));
  copyFileSync(join(directory, 'shop.proto'), join(directory, 'other.proto'));
  process.chdir(directory);
  root.routers[0].proto_descriptor = 'other.proto';
  assert.deepEqual(loadRoutingFile(writeRouting(shopDirectory(context), root)).warnings, []);
});
