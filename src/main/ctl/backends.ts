import type { ClusterMessage } from '../control/v1/clusters.js';
import type { ControlClient } from './control-client.js';

/** A connection, or with `connection` `''` a backend. */
export interface Destination {
  readonly cluster: string;
  readonly backend: string;
  readonly connection: string;
}

/**
 * What `BACKEND` or `BACKEND.CONNECTION` means: names may contain dots, so all there are are looked through.
 * @param cluster only there; `''` = anywhere
 * @throws Error when nothing or more than one thing is meant
 */
export async function findDestination(client: ControlClient, name: string, cluster: string): Promise<Destination> {
  const { clusters } = await client.call<{ clusters: ClusterMessage[] }>('ListClusters', { cluster });
  const found: Destination[] = [];
  for (const backend of clusters.flatMap(({ backends }) => backends)) {
    const here = { cluster: backend.cluster, backend: backend.name };
    if (backend.name === name) found.push({ ...here, connection: '' });
    for (const connection of backend.connections) {
      if (`${backend.name}.${connection.name}` === name) found.push({ ...here, connection: connection.name });
    }
  }
  if (found.length === 1) return found[0]!;
  if (found.length === 0) throw new Error(`no backend or connection is called ${JSON.stringify(name)}`);
  throw new Error(`${name} is in clusters ${found.map((each) => each.cluster).join(', ')}: say which with --cluster`);
}
