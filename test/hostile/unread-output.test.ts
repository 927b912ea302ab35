import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { data, flood, Requests, repeated, target, underAttack } from '../support/attack.js';
import { Bed, roundRobin } from '../support/bed.js';
import { echo, echoService } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { Flag, frame, grpcMessage, Type } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';
import type { ReplicaCall } from '../support/replica-call.js';

/** More answers than the kernel's buffers of both ends take. */
const PINGS = 2_000_000;
const A_WRITE = 5000;

/**
 * Calls at a time whose answers are their trailers alone: those are not held back as messages are. The replica answers them
 * together, so that the connection overflows while one of them is written, not after.
 */
const CALLS = 500;
const WAVES = 20;
const REASON = 'x'.repeat(15_000);

const BY_KEY = {
  name: 'by-key',
  type: 'rpc_affinity_message',
  association: 'round_robin',
  routing_field: 'key',
  backend_cluster: 'c',
  methods: ['Get'],
};

let bed: Bed;

before(async () => {
  const plan = target({ AFROUTER_PINGS_PER_SECOND: '1000000', AFROUTER_AFFINITY_IDLE_MS: '60000' });
  bed = await Bed.start({ ...plan, routes: [BY_KEY, roundRobin('all', 'c')] });
});

after(() => bed.stop());

test('a client that makes answers pile up and reads none of them (CVE-2019-9517) is closed', async () => {
  await underAttack(
    bed,
    async () => {
      const peer = await RawPeer.dial(bed.port);
      peer.socket.pause();
      await flood(peer, repeated(frame(Type.PING, 0, 0, Buffer.alloc(8)), A_WRITE), PINGS / A_WRITE);
      peer.socket.resume();
      await eventually('the connection is closed', () => peer.closed);
    },
    'outputBytes',
  );
});

test('a client that calls and reads no answer is closed in the middle of one, and each of its calls is counted once', async () => {
  const inFlight = async () =>
    (await bed.admin.metrics()).sum('afrouter_calls_in_flight', { method: 'afrouter.test.Echo/Get' });
  const body = grpcMessage(echoService.Get!.requestSerialize({ key: 'same' }));
  let waiting: ReplicaCall[] = [];
  bed.handle((call) => {
    if (call.method !== 'Get') {
      echo(call);
      return;
    }
    waiting.push(call);
    if (waiting.length < CALLS) return;
    for (const each of waiting) each.fail(5, REASON);
    waiting = [];
  });
  await underAttack(
    bed,
    async () => {
      const peer = await RawPeer.dial(bed.port);
      peer.socket.pause();
      const requests = new Requests('/afrouter.test.Echo/Get');
      const next = () => {
        const { id, bytes } = requests.open();
        return Buffer.concat([bytes, data(id, body, Flag.END_STREAM)]);
      };
      for (let wave = 0; wave < WAVES && !peer.socket.destroyed; wave++) {
        await flood(peer, next, CALLS);
        await eventually('they are answered', async () => (await inFlight()) === 0);
      }
      peer.socket.resume();
      await eventually('the connection is closed', () => peer.closed);
    },
    'outputBytes',
  );
  await eventually('none is in flight', async () => (await inFlight()) === 0);
  bed.handle();
  // Its key is held by nobody and can be used: a hold that is given back twice breaks the table.
  for (let i = 0; i < 3; i++) assert.equal((await bed.client.call('Get', { key: 'same' })).code, 0);
});
