/**
 * `npm run demo`: a small fleet, the real router in front of it, and a story that is checked while it is told.
 * It then stays up until Ctrl-C. With `--once` it ends after the story: exit code 0 if all of it was seen to be true, else 1.
 */
import { DeviceClient } from './client.js';
import { Fleet } from './fleet.js';
import { Narrator } from './narrator.js';
import { findPlaces, type Places } from './places.js';
import { Router } from './router.js';
import { boundClient } from './story/bound-client.js';
import { createDevices } from './story/create-devices.js';
import { lostReplica } from './story/lost-replica.js';
import { happens, type Stage, type Step } from './story/step.js';
import { stickyCalls } from './story/sticky-calls.js';

const STORY: readonly Step[] = [createDevices, stickyCalls, lostReplica, boundClient];

/** Resolves at the first Ctrl-C or the like; a second one ends at once. */
function endAsked(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve();
      });
    }
  });
}

async function main(): Promise<number> {
  const once = process.argv.includes('--once');
  const asked = endAsked();
  const narrator = new Narrator();
  const places = await findPlaces();
  const fleet = new Fleet(places.replicas);
  let router: Router | undefined;
  let client: DeviceClient | undefined;
  // Whatever happens, no process is left behind.
  process.on('exit', () => {
    fleet.killNow();
    router?.killNow();
    places.clear();
  });
  try {
    await fleet.startAll();
    router = await Router.start(places.configFile);
    client = new DeviceClient(places.port);
    introduce(narrator, places);
    const stage: Stage = { fleet, client, narrator, homes: new Map() };
    const told = tell(stage);
    // When it is interrupted, nobody waits for the rest of the story.
    told.catch(() => {});
    const ended = await Promise.race([told.then(() => 'told'), asked.then(() => 'interrupted')]);
    if (ended === 'interrupted') return 130;
    if (!once) {
      explain(places, stage, fleet);
      await asked;
      console.log('\nEnding.');
    }
  } catch (error) {
    narrator.check(false, error instanceof Error ? error.message : String(error));
    if (router !== undefined) console.log(`\nThe end of the router's log:\n${router.log.join('\n')}`);
  } finally {
    client?.close();
    fleet.onReceived = null;
    if (router !== undefined) {
      const code = await router.stop();
      if (once) narrator.check(code === 0, `the router ended with exit code ${code}`);
    }
    await fleet.stop();
  }
  return report(narrator, once);
}

async function tell(stage: Stage): Promise<void> {
  await untilServing(stage);
  for (const step of STORY) await step(stage);
}

/** The router dials its replicas when it starts; the story begins when all of them are connected. */
async function untilServing({ client, fleet, narrator }: Stage): Promise<void> {
  const shards = 2;
  const heard = () => new Set(fleet.received.map(({ replica }) => replica)).size;
  const end = performance.now() + 10_000;
  while (heard() < fleet.names.length && performance.now() < end) {
    const probes = Array.from({ length: shards }, () => client.watch('ListDevices', {}));
    await happens(() => probes.every((probe) => probe.ended() !== undefined));
  }
  narrator.check(heard() === fleet.names.length, 'the router is connected to all replicas');
}

function introduce(narrator: Narrator, places: Places): void {
  const { port, controlPort, replicas, moved, configFile } = places;
  console.log('A device service of 2 shards × 2 replicas, behind one router:\n');
  console.log(`   client ──▶ router 127.0.0.1:${port} (control API :${controlPort})`);
  const ends = [...replicas].map(([name, at]) => `${name} :${at}`);
  console.log(`              ├─▶ shard east   ${ends.slice(0, 2).join('   ')}`);
  console.log(`              └─▶ shard west   ${ends.slice(2).join('   ')}\n`);
  if (moved) narrator.say('(ports of config/demo.json are taken: this is a copy with free ones)');
  narrator.say(`routing file: ${configFile}`);
}

function explain(places: Places, { homes }: Stage, fleet: Fleet): void {
  const [id] = [...homes.keys()];
  const port = places.moved ? ` --port ${places.port}` : '';
  console.log(`
All of it runs until Ctrl-C. Call it yourself from another terminal, in this directory:

   node dist/demo/call.js${port} CreateDevice '{"name":"cellar"}'
   node dist/demo/call.js${port} GetDevice '{"id":"${id}"}'
   node dist/demo/call.js${port} Subscribe '{"name":"me"}' demo-backend=
   grpcurl -plaintext -proto protos/device.proto -d '{"id":"${id}"}' \\
     127.0.0.1:${places.port} afrouter.demo.DeviceService/WatchDevice

What the replicas receive is shown here:
`);
  fleet.onReceived = ({ replica, method, serial, about }) =>
    console.log(`   ${replica} received ${method}${about === '' ? '' : ` ("${about}")`}, serial number ${serial}`);
}

function report({ failures }: Narrator, once: boolean): number {
  if (failures.length > 0) console.log(`\nNot seen to be true:\n${failures.map((each) => `   ${each}`).join('\n')}`);
  else if (once) console.log('\nEverything was seen to be true.');
  return failures.length > 0 ? 1 : 0;
}

process.exit(await main());
