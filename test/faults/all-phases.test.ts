import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Admin } from '../support/admin.js';
import { Daemon } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { Flag, frame, grpcMessage, headerBlock, Type } from '../support/frames.js';
import { freePort } from '../support/free-ports.js';
import { connectionName, routingFile } from '../support/one-backend.js';
import { RawPeer, RawServer } from '../support/raw-peer.js';
import type { Scrape } from '../support/scrape.js';
import { bytesField } from '../support/wire.js';

const CONNECTIONS = 4;
const CALLS_EACH = 240;
const ROUNDS = 24;
const MIB = 1024 * 1024;
/** The heap of a thread breathes by some MiB; what thousands of calls leave behind is more. */
const BREATH_BYTES = 5 * MIB;
const DATA_BYTES = 16_000;

const KEYED = {
  name: 'keyed',
  type: 'rpc_affinity_message',
  association: 'round_robin',
  routing_field: 'key',
  backend_cluster: 'cluster',
  methods: ['Get'],
};

let daemon: Daemon;
let admin: Admin;
let port: number;
const replicas: RawServer[] = [];

before(async () => {
  for (let i = 0; i < 2; i++) replicas.push(await RawServer.listen(backend));
  port = await freePort();
  admin = new Admin(await freePort());
  const service = { package: 'afrouter.test', service: 'Echo', proto: 'protos/echo.proto' };
  const file = routingFile(
    port,
    [service],
    'active_active',
    replicas.map((each) => each.port),
  ) as { routers: { routes: object[] }[] };
  file.routers[0]!.routes.unshift(KEYED);
  daemon = await Daemon.start(file, {
    env: {
      AFROUTER_ADMIN_PORT: String(admin.port),
      // The clients reset thousands of calls, and mean it.
      AFROUTER_RESETS_PER_SECOND: '100000',
      AFROUTER_SENT_RESETS_PER_SECOND: '0',
      AFROUTER_DISCARD_GRACE_MS: '100',
      AFROUTER_AFFINITY_ENTRIES: '100',
      // Small enough that the heap is collected again and again.
      NODE_OPTIONS: '--max-semi-space-size=1',
    },
  });
  await daemon.untilOpen([connectionName(0), connectionName(1)]);
});

after(async () => {
  await daemon.stop();
  for (const each of replicas) await each.stop();
});

const OK = headerBlock([
  [':status', '200'],
  ['content-type', 'application/grpc'],
]);

/** A replica that, by the number of the stream, says nothing, the headers, half a message, or all when the client has ended. */
function backend(peer: RawPeer): void {
  peer.send(frame(Type.SETTINGS, 0, 0));
  peer.onFrame = ({ type, flags, stream }) => {
    const kind = ((stream - 1) / 2) % 4;
    if (type === Type.HEADERS && (kind === 1 || kind === 2))
      peer.send(frame(Type.HEADERS, Flag.END_HEADERS, stream, OK));
    if (type === Type.HEADERS && kind === 2) {
      peer.send(frame(Type.DATA, 0, stream, grpcMessage(Buffer.alloc(DATA_BYTES)).subarray(0, DATA_BYTES / 2)));
    }
    if (type <= Type.HEADERS && (flags & Flag.END_STREAM) !== 0 && kind === 3) peer.answer(stream);
    // What came is not looked at again.
    peer.frames.length = 0;
  };
}

const message = (key: string, payload = 0): Buffer =>
  grpcMessage(Buffer.concat([bytesField(1, key), bytesField(2, Buffer.alloc(payload))]));

/** How far a client takes a call before it leaves; `n` tells calls apart. */
const PHASES: readonly ((peer: RawPeer, id: number, n: number) => void)[] = [
  (peer, id) => peer.request(id, path('Bidi')),
  (peer, id, n) => {
    peer.request(id, path('Get'));
    peer.send(frame(Type.DATA, 0, id, message(`half-${n}`).subarray(0, 8)));
  },
  (peer, id, n) => {
    peer.request(id, path('Get'));
    peer.send(frame(Type.DATA, 0, id, message(`key-${n}`)));
  },
  (peer, id) => peer.call(id, path('Unary')),
  (peer, id) => peer.call(id, path('ServerStream')),
  (peer, id) => {
    peer.request(id, path('Unary'), [['grpc-timeout', '200m']]);
    peer.send(frame(Type.DATA, Flag.END_STREAM, id, message('deadline')));
  },
  (peer, id) => {
    peer.request(id, path('ClientStream'));
    for (let i = 0; i < 4; i++) peer.send(frame(Type.DATA, 0, id, message('large', DATA_BYTES)));
  },
  (peer, id, n) => {
    peer.request(id, path('Bidi'), [[`x-name-${n}`, `value-${n}`]]);
    peer.reset(id, 8);
  },
  (peer, id) => peer.call(id, path('NoSuchMethod')),
];

function path(method: string): string {
  return `/afrouter.test.Echo/${method}`;
}

/** One connection with calls in every phase, that then resets them, or is closed, or dropped. */
async function client(round: number, index: number): Promise<void> {
  const peer = await RawPeer.dial(port);
  for (let i = 0; i < CALLS_EACH; i++) {
    const n = (round * CONNECTIONS + index) * CALLS_EACH + i;
    PHASES[i % PHASES.length]!(peer, 2 * i + 1, n);
  }
  // The last call has come as far as it can, and those before it.
  await eventually('the router has them', () => peer.frames.some(({ stream }) => stream === 2 * lastAnswered() + 1));
  if (index === 0) peer.socket.end();
  else if (index === 1) peer.socket.resetAndDestroy();
  else for (let i = 0; i < CALLS_EACH; i++) peer.reset(2 * i + 1, 8);
  if (index >= 2) await nothingInFlightOf(peer);
  peer.destroy();
}

/** Place of the last call to a method that is not there, which is answered at once. */
function lastAnswered(): number {
  return Math.floor((CALLS_EACH - PHASES.length) / PHASES.length) * PHASES.length + PHASES.length - 1;
}

/** A PING comes back after the resets have been read. */
async function nothingInFlightOf(peer: RawPeer): Promise<void> {
  peer.send(frame(Type.PING, 0, 0, Buffer.alloc(8, 1)));
  await peer.untilFrame('the PING is answered', ({ type, flags }) => type === Type.PING && flags === Flag.ACK);
}

const EMPTY_GAUGES = [
  'afrouter_calls_in_flight',
  'afrouter_requests_in_flight',
  'afrouter_replica_streams',
  'afrouter_backlog_bytes',
  'afrouter_held_bytes',
  'afrouter_connection_streams',
  'afrouter_connection_waiting_streams',
  'afrouter_client_connections',
];

/** Waits until nothing is in flight, and returns the metrics of that moment. */
async function settled(): Promise<Scrape> {
  let left = '';
  return eventually(`nothing is in flight`, async () => {
    const scrape = await admin.metrics();
    left = EMPTY_GAUGES.filter((name) => scrape.sum(name) !== 0).join(', ');
    return left === '' ? scrape : undefined;
  }).catch((error: unknown) => {
    throw new Error(`left: ${left}`, { cause: error });
  });
}

async function round(number: number): Promise<Scrape> {
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => client(number, index)));
  return settled();
}

const timers = (scrape: Scrape): number => scrape.sum('afrouter_nodejs_active_resources', { type: 'Timeout' });
const mainHeap = (scrape: Scrape): number => scrape.sum('afrouter_nodejs_heap_size_used_bytes');
const workerHeap = (scrape: Scrape): number => scrape.sum('afrouter_worker_heap_used_bytes');

test('thousands of calls that break off in every phase leave nothing behind', async () => {
  await round(0);
  const warm = await round(1);
  for (let number = 2; number < 2 + ROUNDS; number++) await round(number);
  const end = await eventually('the heaps are back', async () => {
    const scrape = await admin.metrics();
    const grown =
      mainHeap(scrape) - mainHeap(warm) > BREATH_BYTES || workerHeap(scrape) - workerHeap(warm) > BREATH_BYTES;
    return grown ? undefined : scrape;
  });
  assert.ok(timers(end) <= timers(warm) + 2, `${timers(warm)} timers, and now ${timers(end)}`);
  assert.equal(end.sum('afrouter_worker_deaths_total'), 0);
  const begun = end.sum('afrouter_calls_total');
  assert.ok(begun >= (2 + ROUNDS) * CONNECTIONS * CALLS_EACH * 0.9, `only ${begun} calls were seen`);
});
