import { BINDING_KEY } from '../device-service.js';
import { happens, list, observing, type Stage, shardOf } from './step.js';

/** A client that subscribes is told its shard in the response headers, and is served by it from then on. */
export async function boundClient(stage: Stage): Promise<void> {
  const { client, narrator } = stage;
  narrator.title('Another client subscribes: it is bound to a shard itself');
  const { result, received } = await observing(stage, 'Subscribe', 2, () =>
    client.unary('Subscribe', { name: 'second client' }, { [BINDING_KEY]: '' }),
  );
  const shard = String(result.headers.get(BINDING_KEY)[0] ?? '');
  narrator.check(
    shard !== '' && received.length === 2 && received.every(({ replica }) => shardOf(replica) === shard),
    `Subscribe with an empty ${BINDING_KEY} is answered with the header ${BINDING_KEY}: ${shard}, the shard that served it`,
  );
  const watch = client.watch('ReceiveEvents', { name: 'second client' }, { [BINDING_KEY]: shard });
  const senders = () => new Set(watch.events.map(({ replica }) => replica));
  await happens(() => senders().size >= 2 || watch.ended() !== undefined);
  watch.close();
  narrator.check(
    senders().size > 0 && [...senders()].every((replica) => shardOf(replica) === shard),
    `ReceiveEvents with ${BINDING_KEY}: ${shard} brings events of ${list(senders())}`,
  );
}
