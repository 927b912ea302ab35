import type { ClustersEvent } from '../../control/v1/cluster-watch.js';
import type { BackendMessage, ClusterMessage } from '../../control/v1/clusters.js';
import { type Command, type CommandContext, expectArgs, printJson } from '../command.js';
import { table } from '../table.js';

export const clusters: Command = {
  usage: ['clusters [--cluster NAME] [--watch]'],
  summary: 'clusters, backends and connections as they stand; with --watch every change too',
  flags: ['cluster', 'watch'],
  async run(context) {
    expectArgs(context.args);
    const { client, flags, json, print } = context;
    const request = { cluster: flags.cluster ?? '' };
    if (flags.watch) {
      await watch(context, request);
      return;
    }
    const answer = await client.call<{ clusters: ClusterMessage[] }>('ListClusters', request);
    if (json) printJson(context, answer);
    else print(stateTable(answer.clusters.flatMap(({ backends }) => backends)));
  },
};

/** A line of JSON for each event, or a table for each: the whole one first. */
async function watch(context: CommandContext, request: object): Promise<void> {
  const { client, json, print } = context;
  for await (const event of client.watch<ClustersEvent>('WatchClusters', request)) {
    if (json) printJson(context, told(event as ClustersEvent));
    else if (hasSnapshot(event as ClustersEvent))
      print(stateTable((event as SnapshotEvent).snapshot.clusters.flatMap(({ backends }) => backends)));
    else print(`\n${new Date().toISOString()}\n${stateTable([(event as ChangedEvent).changed])}`);
  }
}

type SnapshotEvent = Extract<ClustersEvent, { snapshot: unknown }>;
type ChangedEvent = Extract<ClustersEvent, { changed: unknown }>;

function hasSnapshot(event: ClustersEvent): event is SnapshotEvent {
  return 'snapshot' in event && event.snapshot !== null && event.snapshot !== undefined;
}

/** Only what the event says: without what the loader adds to a oneof. */
function told(event: ClustersEvent): ClustersEvent {
  return hasSnapshot(event) ? { snapshot: event.snapshot } : { changed: event.changed };
}

/** One row for each connection. */
export function stateTable(backends: readonly BackendMessage[]): string {
  return table(
    ['CLUSTER', 'BACKEND', 'CONNECTION', 'ADDRESS', 'STATE', 'DRAINED', 'STREAMS', 'DIALS', 'LAST ERROR'],
    backends.flatMap((backend) =>
      backend.connections.map((connection) => [
        backend.cluster,
        backend.name,
        connection.name,
        connection.address || '-',
        connection.state === 'STATE_UNSPECIFIED' ? 'unknown' : connection.state.toLowerCase(),
        backend.drained ? 'backend' : connection.drained ? 'yes' : 'no',
        String(connection.openStreams + connection.waitingStreams),
        String(connection.dials),
        connection.lastError,
      ]),
    ),
  );
}
