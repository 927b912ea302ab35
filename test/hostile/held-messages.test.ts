import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answers, data, flood, Requests, repeated, UNARY, underAttack } from '../support/attack.js';
import { Bed, roundRobin } from '../support/bed.js';
import { echo, echoService } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { Flag, grpcMessage, uint32 } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

const MIB = 1024 * 1024;
const REPLAY_BYTES = 8 * MIB;
const RESOURCE_EXHAUSTED = '8';
const GET = '/afrouter.test.Echo/Get';
/** Flag of DATA (RFC 9113 §6.1). */
const PADDED = 8;

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: { c: { b: ['r1', 'r2'] } },
    routes: [
      {
        name: 'by-key',
        type: 'rpc_affinity_message',
        association: 'round_robin',
        routing_field: 'key',
        routing_field_default: true,
        backend_cluster: 'c',
        methods: ['Get'],
      },
      roundRobin('all', 'c'),
    ],
    admin: true,
    daemon: {
      env: {
        AFROUTER_MAX_MESSAGE_BYTES: String(MIB),
        AFROUTER_HELD_BYTES: String(8 * MIB),
        AFROUTER_REPLAY_BYTES: String(REPLAY_BYTES),
      },
    },
  });
});

after(() => bed.stop());

test('a request that comes octet by octet, each in a frame of its own, takes no more memory than its bytes', async () => {
  // Kept for late replicas, and queued for one that does not read.
  bed.handle((call) => (call.requests.length === 0 && call.method === 'Create' ? call.stream.pause() : echo(call)));
  await underAttack(bed, async () => {
    const peer = await RawPeer.dial(bed.port);
    const requests = new Requests('/afrouter.test.Echo/Create');
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { id, bytes } = requests.open();
        peer.send(bytes, data(id, Buffer.concat([Buffer.of(0), uint32(1_000_000)])));
        await flood(peer, repeated(data(id, Buffer.alloc(1)), 500), 120);
      }),
    );
    assert.equal(peer.closed, false);
    peer.destroy();
  });
  bed.handle();
});

test('frames without a byte of the message before it, and in its middle, change nothing', async () => {
  const peer = await RawPeer.dial(bed.port);
  const message = grpcMessage(echoService.Get!.requestSerialize({ key: 'late' }));
  const empty = (id: number) => data(id, Buffer.alloc(0));
  const padding = (id: number) => data(id, Buffer.of(3, 0, 0, 0), PADDED);
  const bodies = [
    (id: number) => [empty(id), data(id, message, Flag.END_STREAM)],
    (id: number) => [padding(id), empty(id), data(id, message), data(id, Buffer.alloc(0), Flag.END_STREAM)],
    (id: number) => [data(id, message.subarray(0, 3)), empty(id), data(id, message.subarray(3), Flag.END_STREAM)],
  ];
  for (const [i, body] of bodies.entries()) {
    const id = 2 * i + 1;
    peer.request(id, GET);
    peer.send(...body(id));
    await eventually('its status', () => answers(peer, 'grpc-status').has(id));
  }
  assert.deepEqual([...answers(peer, 'grpc-status').values()], ['0', '0', '0']);
  peer.destroy();
});

test('a message that says it is over the limit is refused before it is held', async () => {
  await underAttack(bed, async () => {
    const peer = await RawPeer.dial(bed.port);
    for (let id = 1; id < 400; id += 2) {
      peer.request(id, GET);
      peer.send(data(id, Buffer.concat([Buffer.of(0), uint32(0xffffffff), Buffer.alloc(100)])));
    }
    await eventually('answers', () => answers(peer, 'grpc-status').size === 200);
    assert.ok([...answers(peer, 'grpc-status').values()].every((status) => status === RESOURCE_EXHAUSTED));
    peer.destroy();
  });
});

test('first messages that are never finished fill no more than AFROUTER_HELD_BYTES, and whole ones still pass', async () => {
  await underAttack(bed, async () => {
    const peers = await Promise.all(Array.from({ length: 4 }, () => RawPeer.dial(bed.port)));
    for (const peer of peers) {
      for (let id = 1; id < 200; id += 2) {
        peer.request(id, GET);
        peer.send(data(id, Buffer.concat([Buffer.of(0), uint32(MIB)])));
        // As much as the stream's window lets through.
        peer.send(...Array.from({ length: 4 }, () => data(id, Buffer.alloc(15_000))));
      }
    }
    await eventually('some are refused', () => peers.some((peer) => answers(peer, 'grpc-status').size > 0));
    for (const peer of peers) {
      for (const status of answers(peer, 'grpc-status').values()) assert.equal(status, RESOURCE_EXHAUSTED);
    }
    const { code, details } = await bed.client.call('Get', { key: 'k', payload: Buffer.alloc(1000) });
    assert.equal(code, 0, details);
    for (const peer of peers) peer.destroy();
  });
  await eventually('what was held is free again', async () => {
    const { code } = await bed.client.call('Get', { key: 'k', payload: Buffer.alloc(900_000) });
    return code === 0;
  });
});

test('answers of many calls that nobody takes are held within their windows', async () => {
  await underAttack(bed, async () => {
    const peer = await RawPeer.dial(bed.port, Buffer.concat([Buffer.of(0, 4), uint32(0)]));
    const requests = new Requests('/afrouter.test.Echo/ServerStream');
    // Messages a little longer than the window: each has to be given window in advance to become whole.
    const plan = { responses: 64, responseBytes: 65_536 };
    const request = grpcMessage(echoService.ServerStream!.requestSerialize({ plan }));
    for (let i = 0; i < 100; i++) {
      const { id, bytes } = requests.open();
      peer.send(bytes, data(id, request, Flag.END_STREAM));
    }
    await eventually('answers begin', () => answers(peer, ':status').size === 100);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    peer.destroy();
  });
});

test('calls that are never half-closed end with their client', async () => {
  await underAttack(bed, async () => {
    const peer = await RawPeer.dial(bed.port);
    for (let id = 1; id < 1000; id += 2) peer.request(id, UNARY);
    await eventually('the fleet has them', () => bed.replica('r1').calls.length >= 500);
    peer.destroy();
  });
});

test('what many calls keep for replicas that may come is bounded over all of them, and free again after', async () => {
  const kept = async () => (await bed.admin.metrics()).sum('afrouter_backlog_bytes');
  bed.handle((call) => (call.method === 'Create' ? undefined : echo(call)));
  await underAttack(bed, async () => {
    const calls = Array.from({ length: 100 }, () => bed.client.open('Create').send({ payload: Buffer.alloc(500_000) }));
    await eventually('the backlog is full', async () => (await kept()) > REPLAY_BYTES / 2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok((await kept()) <= REPLAY_BYTES);
    for (const call of calls) call.cancel();
  });
  bed.handle();
  await eventually('nothing is kept', async () => (await kept()) === 0);
});
