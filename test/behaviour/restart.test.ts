import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { REUSE_PORT_SUPPORTED } from '../../src/main/config/settings.js';
import { roundRobin, routingFile } from '../support/bed.js';
import { EchoClient } from '../support/client.js';
import { Daemon } from '../support/daemon.js';
import { echo, echoService } from '../support/echo.js';
import { freePort } from '../support/free-ports.js';
import { Replica } from '../support/replica.js';

const PLAN = { clusters: { pair: { a: ['a1', 'a2'] } }, routes: [roundRobin('all', 'pair')] };

const replicas = new Map<string, Replica>();

before(async () => {
  for (const name of ['a1', 'a2']) replicas.set(name, await Replica.start(name, echoService, echo));
});
after(async () => {
  for (const replica of replicas.values()) await replica.kill();
});

/**
 * What grpc-js says of a call whose HEADERS were still queued in the client when GOAWAY came: nghttp2 throws them away (on Node 26
 * the write fails; before, the stream is refused, and the one silent retry may meet the same session again). Nothing has left
 * the client, and no server can do anything about it. That the router itself refuses no stream between its two GOAWAYs is seen
 * frame by frame in client-connection-age.test.ts.
 */
const NEVER_SENT = new Set([
  'Write error: Stream closed with error code NGHTTP2_REFUSED_STREAM',
  'Stream refused by server',
]);

/** A router on this port, connected to both replicas. */
async function router(port: number, env: Record<string, string> = {}): Promise<Daemon> {
  const daemon = await Daemon.start(routingFile(PLAN, port, 0, replicas), {
    env: { AFROUTER_LOG_LEVEL: 'debug', ...env },
  });
  await daemon.untilOpen([...replicas.keys()]);
  return daemon;
}

/** Calls without end over several clients; how many failed is told by the function that ends them. */
function traffic(
  clients: readonly EchoClient[],
  eachInFlight: number,
): () => Promise<{ calls: number; failures: string[] }> {
  let stop = false;
  let calls = 0;
  const failures: string[] = [];
  const loops = clients.flatMap((client) =>
    Array.from({ length: eachInFlight }, async () => {
      while (!stop) {
        const { code, details } = await client.call('Unary', { key: 'x' });
        calls++;
        if (code !== 0 && !NEVER_SENT.has(details)) failures.push(`${code} ${details}`);
      }
    }),
  );
  return async () => {
    stop = true;
    await Promise.all(loops);
    for (const client of clients) client.stop();
    return { calls, failures };
  };
}

async function drained(daemon: Daemon): Promise<void> {
  daemon.signal('SIGTERM');
  assert.deepEqual(await daemon.exit, { code: 0, signal: null });
}

test('routers behind a load balancer are restarted one after the other: no call fails', async (t) => {
  const ports = [await freePort(), await freePort()];
  const routers = [await router(ports[0]!), await router(ports[1]!)];
  t.after(() => Promise.all(routers.map((daemon) => daemon.stop())));
  // The client's own round robin is the load balancer: it knows both, and goes by GOAWAY and by what is connected.
  const client = new EchoClient(`ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`, undefined, {
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 100,
  });
  const end = traffic([client], 8);
  for (const i of [0, 1, 0, 1]) {
    await drained(routers[i]!);
    routers[i] = await router(ports[i]!);
    await routers[i]!.untilLine(({ event }) => event === 'client_connected', 'the client is back');
  }
  const { calls, failures } = await end();
  assert.deepEqual(failures, []);
  assert.ok(calls > 50, `${calls} calls`);
});

test('a second process takes the port over while the first one drains: no call fails, one in flight ends on the first', {
  skip: REUSE_PORT_SUPPORTED ? false : `Node ${process.versions.node} has no SO_REUSEPORT`,
}, async (t) => {
  const port = await freePort();
  const env = { AFROUTER_REUSE_PORT: 'true' };
  const first = await router(port, env);
  t.after(() => first.stop());
  const open = new EchoClient(port);
  const inFlight = open.open('Bidi').send({ key: 'before' });
  await inFlight.untilMessages(1);
  const end = traffic([new EchoClient(port), new EchoClient(port)], 4);
  const second = await router(port, env);
  t.after(() => second.stop());
  first.signal('SIGTERM');
  await second.untilLine(({ event }) => event === 'client_connected', 'clients come to the second one');
  inFlight.send({ key: 'after' });
  await inFlight.untilMessages(2);
  inFlight.halfClose();
  assert.equal((await inFlight.outcome).code, 0);
  assert.deepEqual(await first.exit, { code: 0, signal: null });
  open.stop();
  const { failures } = await end();
  assert.deepEqual(failures, []);
});
