import type { Device } from '../device-service.js';
import { list, observing, type Stage, shardOf } from './step.js';

/** Both shards get a device; the id in the reply is bound to the shard that answered. */
export async function createDevices(stage: Stage): Promise<void> {
  const { client, narrator, homes } = stage;
  narrator.title('Create two devices: the shards take turns, and both replicas of a shard get the call');
  for (const name of ['front door', 'back door']) {
    const { result, received } = await observing(stage, 'CreateDevice', 2, () =>
      client.unary<object, Device>('CreateDevice', { name }),
    );
    const { id, replica } = result.message;
    narrator.say(`CreateDevice("${name}") → "${id}", answered by ${replica}`);
    const replicas = received.map((each) => each.replica);
    narrator.check(
      received.length === 2 && received.every((each) => shardOf(each.replica) === shardOf(replica)),
      `received by ${list(replicas)}: both replicas of shard ${shardOf(replica)}, and nobody else`,
    );
    const serials = new Set(received.map(({ serial }) => serial));
    narrator.check(
      serials.size === 1 && !serials.has(''),
      `with the same serial number, ${[...serials].join(' / ')}: so both gave the device the same id`,
    );
    homes.set(id, shardOf(replica));
  }
  narrator.check(
    new Set(homes.values()).size === 2,
    `the devices are on different shards: ${[...homes.values()].join(', ')}`,
  );
}
