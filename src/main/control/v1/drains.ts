import type { Lookup } from '../lookup.js';
import type { BackendMessage, ClusterStates } from './clusters.js';

interface BackendRequest {
  readonly cluster: string;
  readonly backend: string;
}

interface ConnectionRequest extends BackendRequest {
  readonly connection: string;
}

/** The calls that drain and bring back. */
export class Drains {
  private readonly lookup: Lookup;
  private readonly states: ClusterStates;

  constructor(lookup: Lookup, states: ClusterStates) {
    this.lookup = lookup;
    this.states = states;
  }

  async backend({ cluster, backend: name }: BackendRequest, drained: boolean): Promise<BackendMessage> {
    const backend = this.lookup.backend(cluster, name);
    backend.setDrained(drained);
    return this.states.backend(backend);
  }

  async connection(
    { cluster, backend: name, connection: connectionName }: ConnectionRequest,
    drained: boolean,
  ): Promise<BackendMessage> {
    const backend = this.lookup.backend(cluster, name);
    const connection = this.lookup.connection(backend, connectionName);
    await this.lookup.hostOf(backend)!.drain(backend, connection, drained);
    return this.states.backend(backend);
  }
}
