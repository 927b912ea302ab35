import type { Watch } from '../client.js';
import type { Device } from '../device-service.js';
import { happens, list, observing, type Stage } from './step.js';

const CALLS = 10;

/** A replica dies while a call is open, calls go on without it, and it is caught up on the open call when it is back. */
export async function lostReplica(stage: Stage): Promise<void> {
  const { client, narrator, homes } = stage;
  const [id, home] = [...homes][0]!;
  const [survivor, victim] = [`${home}-1`, `${home}-2`];

  narrator.title('Watch a device: a stream with the events of both replicas');
  const watch = client.watch('WatchDevice', { id });
  try {
    const both = await happens(() => senders(watch).size === 2);
    narrator.check(both, `WatchDevice("${id}") brings events of ${list(senders(watch))}`);
    await kill(stage, watch, victim, survivor, id);
    await comeBack(stage, watch, victim);
  } finally {
    watch.close();
  }
}

async function kill(stage: Stage, watch: Watch, victim: string, survivor: string, id: string): Promise<void> {
  const { client, narrator, fleet } = stage;
  narrator.title(`Kill replica ${victim} (its process gets SIGKILL): calls go on`);
  await fleet.kill(victim);
  let answered = 0;
  const { received } = await observing(stage, 'GetDevice', CALLS, async () => {
    for (let i = 0; i < CALLS; i++) {
      const { message } = await client.unary<object, Device>('GetDevice', { id });
      if (message.id === id) answered++;
    }
  });
  narrator.check(
    answered === CALLS && received.every(({ replica }) => replica === survivor),
    `GetDevice("${id}") × ${CALLS}: all answered, by ${list(new Set(received.map(({ replica }) => replica)))}`,
  );
  const before = watch.events.length;
  const goesOn = await happens(() => watch.events.length >= before + 3 || watch.ended() !== undefined);
  narrator.check(
    goesOn && watch.ended() === undefined && watch.events.slice(before).every(({ replica }) => replica === survivor),
    `the open WatchDevice goes on too, with the events of ${survivor}`,
  );
}

async function comeBack(stage: Stage, watch: Watch, victim: string): Promise<void> {
  const { narrator, fleet } = stage;
  narrator.title(`Start ${victim} again: it is caught up on the call that has been open all the time`);
  const { serial } = watch.events[0]!;
  const events = watch.events.length;
  const from = fleet.received.length;
  await fleet.start(victim, true);
  const late = () =>
    fleet.received.slice(from).find(({ replica, method }) => replica === victim && method === 'WatchDevice');
  const replayed = await happens(() => late() !== undefined);
  narrator.check(
    replayed && late()?.serial === serial,
    `${victim} received the WatchDevice request that it has missed, with its serial number ${late()?.serial}`,
  );
  const heard = await happens(() => watch.events.slice(events).some(({ replica }) => replica === victim));
  narrator.check(
    heard && watch.ended() === undefined,
    'its events have joined those of the other in the same stream: the client noticed nothing',
  );
}

/** The replicas that have sent events. */
function senders(watch: Watch): Set<string> {
  return new Set(watch.events.map(({ replica }) => replica));
}
