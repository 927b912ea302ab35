import type { Device } from '../device-service.js';
import { observing, type Stage, shardOf } from './step.js';

const CALLS = 4;

/** Later calls with an id go to the shard that the reply has bound it to. */
export async function stickyCalls(stage: Stage): Promise<void> {
  const { client, narrator, homes } = stage;
  narrator.title('Ask for the devices: calls stick to the shard that owns the id');
  for (const [id, home] of homes) {
    const { result, received } = await observing(stage, 'GetDevice', 2 * CALLS, async () => {
      const names: string[] = [];
      for (let i = 0; i < CALLS; i++)
        names.push((await client.unary<object, Device>('GetDevice', { id })).message.name);
      return names;
    });
    narrator.say(`GetDevice("${id}") × ${CALLS} → "${result[0]}"`);
    narrator.check(
      received.length === 2 * CALLS && received.every(({ replica }) => shardOf(replica) === home),
      `every one went to shard ${home}, to both its replicas`,
    );
  }
}
