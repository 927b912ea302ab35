import type { ServerWritableStream } from '@grpc/grpc-js';
import type { ClusterMessage, ClusterStates } from './clusters.js';

/** `afrouter.v1.WatchClustersResponse`. */
export type ClustersEvent =
  | { readonly snapshot: { readonly clusters: readonly ClusterMessage[] } }
  | { readonly changed: ClusterMessage['backends'][number] };

/**
 * Tells one watcher of every change. It looks again when something may have changed, one look at a time, and sends what
 * differs from what it told. While the watcher does not read it does not look, so a slow one costs no memory.
 */
export class ClusterWatch {
  private readonly states: ClusterStates;
  private readonly stream: ServerWritableStream<{ cluster: string }, ClustersEvent>;
  private readonly fail: (error: unknown) => void;
  /** What the watcher was told, each backend as {@link newsOf} has it, by cluster and backend; null before anything was. */
  private told: Map<string, string> | null = null;
  private looking = false;
  private changed = false;
  private blocked = false;
  private over = false;

  /** @param fail ends the stream with an error, such as that a new configuration has removed the cluster */
  constructor(
    states: ClusterStates,
    stream: ServerWritableStream<{ cluster: string }, ClustersEvent>,
    fail: (error: unknown) => void,
  ) {
    this.states = states;
    this.stream = stream;
    this.fail = fail;
    stream.on('drain', () => {
      this.blocked = false;
      void this.run();
    });
  }

  /** Sends the snapshot. */
  begin(): Promise<void> {
    this.changed = true;
    return this.run();
  }

  /** Something may have changed. */
  notice(): void {
    this.changed = true;
    void this.run();
  }

  end(): void {
    this.over = true;
  }

  private async run(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      while (this.changed && !this.blocked && !this.over) {
        this.changed = false;
        this.tell(await this.states.list(this.stream.request.cluster));
      }
    } catch (error) {
      this.over = true;
      this.fail(error);
    } finally {
      this.looking = false;
    }
  }

  private tell(clusters: readonly ClusterMessage[]): void {
    const backends = clusters.flatMap((cluster) => cluster.backends);
    const keys = backends.map(({ cluster, name }) => keyOf(cluster, name));
    const { told } = this;
    if (told === null || keys.length !== told.size || keys.some((key) => !told.has(key))) {
      this.tellAll(clusters);
      return;
    }
    backends.forEach((backend, index) => {
      const news = newsOf(backend);
      if (told.get(keys[index]!) === news) return;
      told.set(keys[index]!, news);
      this.write({ changed: backend });
    });
  }

  private tellAll(clusters: readonly ClusterMessage[]): void {
    const backends = clusters.flatMap((cluster) => cluster.backends);
    this.told = new Map(backends.map((backend) => [keyOf(backend.cluster, backend.name), newsOf(backend)]));
    this.write({ snapshot: { clusters } });
  }

  private write(event: ClustersEvent): void {
    if (!this.over && !this.stream.write(event)) this.blocked = true;
  }
}

function keyOf(cluster: string, backend: string): string {
  return JSON.stringify([cluster, backend]);
}

/** What makes a backend worth telling again: not its counters. */
function newsOf({ drained, connections }: ClusterMessage['backends'][number]): string {
  return JSON.stringify([drained, connections.map((c) => [c.address, c.state === 'OPEN', c.drained])]);
}
