/**
 * Calls by a message field whose frames come in one segment: the router then routes them together. Nothing of what they do may
 * depend on that.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { answers, data, Requests } from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { type EchoRequest, type EchoResponse, echoService } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { Flag, frame, grpcMessage, Type, uint32 } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

const GET = '/afrouter.test.Echo/Get';
const BIDI = '/afrouter.test.Echo/Bidi';
const EMPTY = Buffer.alloc(0);
const CANCEL = 8;
const RESOURCE_EXHAUSTED = 8;
const INVALID_ARGUMENT = '3';
const MAX_ENTRIES = 20;

let bed: Bed;
let peer: RawPeer;

before(async () => {
  bed = await Bed.start({
    clusters: { shards: { a: ['a1'], b: ['b1'] } },
    routes: [
      {
        name: 'by-key',
        type: 'rpc_affinity_message',
        association: 'round_robin',
        routing_field: 'key',
        backend_cluster: 'shards',
        methods: ['Get', 'Bidi'],
      },
    ],
    admin: true,
    daemon: { env: { AFROUTER_AFFINITY_ENTRIES: String(MAX_ENTRIES) } },
  });
});

beforeEach(async () => {
  peer?.destroy();
  peer = await RawPeer.dial(bed.port);
  for (const name of ['a1', 'b1']) bed.replica(name).calls.length = 0;
});

after(async () => {
  peer.destroy();
  await bed.stop();
});

function message(request: EchoRequest): Buffer {
  return grpcMessage(echoService.Get!.requestSerialize({ ...request }));
}

/** The messages of an answer. */
function responses(stream: number): EchoResponse[] {
  const found: EchoResponse[] = [];
  for (let rest = peer.bodyOf(stream); rest.length > 0; ) {
    const end = 5 + rest.readUInt32BE(1);
    found.push(echoService.Get!.responseDeserialize(rest.subarray(5, end)) as unknown as EchoResponse);
    rest = rest.subarray(end);
  }
  return found;
}

async function untilAnswered(count: number): Promise<void> {
  await eventually(`${count} answers`, () => answers(peer, 'grpc-status').size === count);
  assert.deepEqual([...new Set(answers(peer, 'grpc-status').values())], ['0']);
}

function callsOf(name: string): number {
  return bed.replica(name).calls.length;
}

test('calls with one new key go to one backend, as many as there are, and each key’s to its own', async () => {
  const requests = new Requests(GET);
  const keys = new Map<number, string>();
  const bytes = Array.from({ length: 90 }, (_, i) => {
    const { id, bytes } = requests.open();
    keys.set(id, `together-${i % 7}`);
    return [bytes, data(id, message({ key: keys.get(id)! }), Flag.END_STREAM)];
  });
  peer.send(...bytes.flat());
  await untilAnswered(90);
  const homes = new Map<string, Set<string>>();
  for (const [id, key] of keys) {
    const [response] = responses(id);
    assert.equal(response!.key, key, 'its own answer');
    homes.set(key, (homes.get(key) ?? new Set()).add(response!.replica));
  }
  for (const [key, replicas] of homes) assert.equal(replicas.size, 1, `${key}: ${[...replicas]}`);
  // New keys take turns, in the order of their calls.
  const order = [...homes.values()].map(([replica]) => replica);
  for (let i = 1; i < order.length; i++) assert.notEqual(order[i], order[i - 1], `${order}`);
});

test('messages that follow the first one, and an end of its own, come to the backend in their order', async () => {
  const [two, late, half] = [1, 3, 5];
  const requests = new Requests(BIDI);
  const first = (key: string) => message({ key, payload: Buffer.from('1') });
  const second = (key: string) => message({ key, payload: Buffer.from('2') });
  peer.send(
    requests.open().bytes,
    data(two, first('two')),
    data(two, second('two')),
    data(two, EMPTY, Flag.END_STREAM),
    requests.open().bytes,
    data(late, first('late')),
    data(late, EMPTY),
    data(late, EMPTY, Flag.END_STREAM),
    requests.open().bytes,
    data(half, Buffer.concat([first('half'), second('half').subarray(0, 4)])),
    data(half, second('half').subarray(4), Flag.END_STREAM),
  );
  await untilAnswered(3);
  const payloads = (stream: number) => responses(stream).map(({ key, payload }) => `${key} ${payload}`);
  assert.deepEqual(payloads(two), ['two 1', 'two 2']);
  assert.deepEqual(payloads(late), ['late 1']);
  assert.deepEqual(payloads(half), ['half 1', 'half 2']);
});

test('a call that is cancelled right behind its message reaches no backend and binds no key; the others go on', async () => {
  const requests = new Requests(GET);
  const bytes = Array.from({ length: 20 }, (_, i) => {
    const { id, bytes } = requests.open();
    const cancelled = i % 2 === 1;
    const call = [bytes, data(id, message({ key: cancelled ? `given-up-${i}` : 'kept' }), Flag.END_STREAM)];
    return cancelled ? [...call, frame(Type.RST_STREAM, 0, id, uint32(CANCEL))] : call;
  });
  const before = await entries();
  peer.send(...bytes.flat());
  await untilAnswered(10);
  assert.equal(callsOf('a1') + callsOf('b1'), 10);
  assert.equal(await entries(), before + 1);
});

test('a call whose message has no key fails, whatever comes behind it, and the others go on', async () => {
  const requests = new Requests(BIDI);
  const [none, long, good] = [1, 3, 5];
  const more = message({ key: 'more' });
  peer.send(
    ...[requests.open().bytes, data(none, message({ payload: Buffer.from('no key') })), data(none, more)],
    ...[requests.open().bytes, data(long, message({ key: 'k'.repeat(1025) })), data(long, more)],
    ...[
      requests.open().bytes,
      data(good, message({ key: 'good' })),
      data(good, more),
      data(good, EMPTY, Flag.END_STREAM),
    ],
  );
  await eventually('3 answers', () => answers(peer, 'grpc-status').size === 3);
  const statuses = answers(peer, 'grpc-status');
  assert.deepEqual(
    [none, long, good].map((stream) => statuses.get(stream)),
    [INVALID_ARGUMENT, INVALID_ARGUMENT, '0'],
  );
  assert.deepEqual(
    responses(good).map(({ key }) => key),
    ['good', 'more'],
  );
});

test('calls of a connection that breaks right behind their messages reach no backend and bind no key', async () => {
  const before = await entries();
  const requests = new Requests(GET);
  const calls = Array.from({ length: 40 }, (_, i) => {
    const { id, bytes } = requests.open();
    return Buffer.concat([bytes, data(id, message({ key: `broken-${i}` }), Flag.END_STREAM)]);
  });
  // DATA on stream 0 is an error of the connection (RFC 9113 §6.1).
  peer.send(...calls, data(0, EMPTY));
  await peer.untilClosed();
  assert.equal(await entries(), before);
  assert.equal((await bed.client.call('Get', { key: 'kept' })).code, 0);
  assert.equal(callsOf('a1') + callsOf('b1'), 1);
});

test('calls of a client that goes away let go of their keys', async () => {
  const requests = new Requests(GET);
  bed.handle(() => {});
  peer.send(
    ...Array.from({ length: MAX_ENTRIES }, (_, i) => {
      const { id, bytes } = requests.open();
      return Buffer.concat([bytes, data(id, message({ key: `gone-${i}` }), Flag.END_STREAM)]);
    }),
  );
  await eventually('the fleet has them', () => callsOf('a1') + callsOf('b1') === MAX_ENTRIES);
  const { code } = await bed.client.call('Get', { key: 'one too many' });
  assert.equal(code, RESOURCE_EXHAUSTED, 'all keys are held');
  peer.destroy();
  const given = [...bed.replica('a1').calls, ...bed.replica('b1').calls];
  await eventually('they are cancelled', () => given.every((call) => call.cancelled));
  // As many at a time as there are rows: none is held any more.
  const held = Array.from({ length: MAX_ENTRIES }, (_, i) => bed.client.open('Bidi').send({ key: `new-${i}` }));
  await eventually('all are taken', () => callsOf('a1') + callsOf('b1') === 2 * MAX_ENTRIES);
  for (const call of held) call.cancel();
  bed.handle();
});

async function entries(): Promise<number> {
  return (await bed.admin.metrics()).sum('afrouter_affinity_entries');
}
