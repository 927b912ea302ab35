import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Outcome, ServiceClient } from '../support/client.js';
import { Daemon } from '../support/daemon.js';
import { echoService } from '../support/echo.js';
import { freePort } from '../support/free-ports.js';
import { Replica } from '../support/replica.js';
import type { ReplicaCall } from '../support/replica-call.js';
import type { Message, Service } from '../support/service.js';

/** `Echo.Unary` under other names. */
const paths = {
  exact: '/afrouter.test.Echo/Unary',
  otherPackage: '/else.where.Echo/Unary',
  otherService: '/afrouter.test.Other/Unary',
  anything: '/else.where.Other/Unary',
  noPackage: '/Plain/Unary',
  unknownMethod: '/afrouter.test.Echo/Nothing',
};
const service: Service = Object.fromEntries(
  Object.entries(paths).map(([name, path]) => [name, { ...echoService.Unary!, path }]),
);

/** What the servers name; where a star stands, the router itself is defined for a package or service of its own. */
const routers = [
  { package: 'afrouter.test', service: 'Echo', router: 'exact' },
  { package: '*', service: 'Echo', router: 'any-package' },
  { package: 'afrouter.test', service: '*', router: 'any-service' },
  { package: '*', service: '*', router: 'any' },
  { package: '', service: 'Plain', router: 'no-package' },
];

function answer(call: ReplicaCall): void {
  call.whenHalfClosed(() => {
    call.answer({ replica: call.replica });
    call.end();
  });
}

let replicas: Replica[];
let daemon: Daemon;
let all: ServiceClient;
let few: ServiceClient;

before(async () => {
  replicas = await Promise.all(routers.map(({ router }) => Replica.start(router, service, answer)));
  const ports = [await freePort(), await freePort()] as const;
  daemon = await Daemon.start({
    servers: [
      { name: 'all', address: '127.0.0.1', port: ports[0], type: 'grpc', routers },
      { name: 'few', address: '127.0.0.1', port: ports[1], type: 'streaming_grpc', routers: [routers[0], routers[4]] },
    ],
    routers: routers.map(({ router, ...served }) => ({
      name: router,
      package: served.package === '*' ? 'its.own' : served.package,
      service: served.service === '*' ? 'Own' : served.service,
      routes: [
        {
          name: 'only',
          type: 'round_robin',
          association: 'round_robin',
          backend_cluster: router,
          methods: router === 'exact' ? ['Unary'] : ['*'],
        },
      ],
    })),
    backend_clusters: routers.map(({ router }, i) => ({
      name: router,
      backends: [
        {
          name: `${router}-backend`,
          type: 'server',
          connections: [{ name: router, addr: '127.0.0.1', port: String(replicas[i]!.port) }],
        },
      ],
    })),
  });
  await daemon.untilOpen(routers.map(({ router }) => router));
  all = new ServiceClient(service, ports[0]);
  few = new ServiceClient(service, ports[1]);
});

after(async () => {
  all.stop();
  few.stop();
  await daemon.stop();
  for (const replica of replicas) await replica.kill();
});

function servedBy(outcome: Outcome<Message>): unknown {
  assert.equal(outcome.code, 0, outcome.details);
  return outcome.messages[0]?.replica;
}

test('package and service together come first', async () => {
  assert.equal(servedBy(await all.call('exact', { key: 'k' })), 'exact');
});

test('then any package with that service', async () => {
  assert.equal(servedBy(await all.call('otherPackage', { key: 'k' })), 'any-package');
});

test('then that package with any service', async () => {
  assert.equal(servedBy(await all.call('otherService', { key: 'k' })), 'any-service');
});

test('then any package with any service', async () => {
  assert.equal(servedBy(await all.call('anything', { key: 'k' })), 'any');
});

test('a package may be empty', async () => {
  assert.equal(servedBy(await all.call('noPackage', { key: 'k' })), 'no-package');
  assert.equal(servedBy(await few.call('noPackage', { key: 'k' })), 'no-package');
});

test('no router: UNIMPLEMENTED, and the message names the path', async () => {
  for (const name of ['otherPackage', 'otherService', 'anything'] as const) {
    const { code, details } = await few.call(name, { key: 'k' });
    assert.equal(code, 12, name);
    assert.ok(details.includes(paths[name]), details);
  }
});

test('no method: UNIMPLEMENTED, and the message names the path; a less specific router is not asked', async () => {
  const { code, details } = await all.call('unknownMethod', { key: 'k' });
  assert.equal(code, 12);
  assert.ok(details.includes(paths.unknownMethod), details);
});

test('a path that is none is UNIMPLEMENTED and leaves the connection usable', async () => {
  for (const path of ['/', '/afrouter.test.Echo', '/afrouter.test.Echo/', '//Unary', '/a/b/c', '*']) {
    const { requestSerialize, responseDeserialize } = service.exact!;
    const { code } = await few.openPath(path, requestSerialize, responseDeserialize).send({}).halfClose().outcome;
    assert.equal(code, 12, path);
  }
  assert.equal(servedBy(await few.call('exact', { key: 'k' })), 'exact');
});

test('a call that no route takes is refused before the client sends anything', async () => {
  const call = few.open('anything');
  assert.equal((await call.outcome).code, 12);
});
