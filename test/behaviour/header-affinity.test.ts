import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bed } from '../support/bed.js';
import { echo } from '../support/echo.js';

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: { shards: { a: ['a1', 'a2'], b: ['b1', 'b2'] } },
    routes: [
      {
        name: 'tenant',
        type: 'rpc_affinity_header',
        association: 'round_robin',
        routing_field: 'X-Tenant',
        backend_cluster: 'shards',
        methods: ['*'],
      },
    ],
  });
});

after(() => bed.stop());

async function backendOf(tenant: string, method = 'Unary'): Promise<string> {
  const { code, details, messages } = await bed.client.call(method, { key: 'k' }, { metadata: { 'x-tenant': tenant } });
  assert.equal(code, 0, details);
  return messages[0]!.replica[0]!;
}

test('a new value gets the next backend, a known value the one it had', async () => {
  const homes: string[] = [];
  for (const tenant of ['one', 'two', 'three', '__proto__']) homes.push(await backendOf(tenant));
  assert.match(homes.join(''), /^(abab|baba)$/);
  for (const [i, tenant] of ['one', 'two', 'three', '__proto__'].entries()) {
    assert.equal(await backendOf(tenant), homes[i]);
    assert.equal(await backendOf(tenant, 'ServerStream'), homes[i]);
  }
});

test('a call without the value is INVALID_ARGUMENT and names the key', async () => {
  const { code, details } = await bed.client.call('Unary', { key: 'k' });
  assert.equal(code, 3);
  assert.match(details, /x-tenant/i);
});

test('the replicas get the value too', async () => {
  const { messages } = await bed.client.call('Unary', { key: 'seen' }, { metadata: { 'x-tenant': 'visible' } });
  const [call] = bed.callsWithKey('seen', [messages[0]!.replica]);
  assert.deepEqual(call!.meta('x-tenant'), ['visible']);
});

test('the call is opened on its headers: a client may wait for the headers before it sends anything', async () => {
  bed.handle((call) => {
    call.sendHeaders();
    echo(call);
  });
  const call = bed.client.open('Bidi', { metadata: { 'x-tenant': 'early' } });
  await call.untilHeaders();
  call.send({ key: 'after the headers' }).halfClose();
  const { code, messages } = await call.outcome;
  bed.handle();
  assert.equal(code, 0);
  assert.equal(messages.length, 2, 'one answer from each replica');
});
