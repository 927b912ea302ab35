import { Status } from '../../../grpc/status-code.js';
import type { AffinityEntry } from '../../routing/affinity/affinity-table.js';
import { MAX_KEY_BYTES } from '../../routing/affinity/key-rows.js';
import type { RouteMemory } from '../../routing/build-routers.js';
import type { Affinity } from '../../routing/routes/affinity.js';
import { textOfKey } from '../../routing/routing-field.js';
import { ControlError } from '../control-error.js';
import type { Lookup, RouteName } from '../lookup.js';
import { affinityPage } from './affinity-page.js';
import { makeToken, pageSize, parseToken } from './page.js';

/** `afrouter.v1.Affinity`. */
export interface AffinityMessage {
  readonly key: string;
  readonly cluster: string;
  readonly backend: string;
  readonly calls: number;
}

interface KeyRequest {
  readonly route: RouteName | null;
  readonly key: string;
}

interface ListRequest {
  readonly route: RouteName | null;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** The calls about remembered keys. */
export class Affinities {
  private readonly lookup: Lookup;

  constructor(lookup: Lookup) {
    this.lookup = lookup;
  }

  async list({ route, pageSize: size, pageToken }: ListRequest): Promise<{
    affinities: AffinityMessage[];
    nextPageToken: string;
    total: number;
  }> {
    const { memory, affinity } = this.remembering(route);
    const [after] = parseToken(pageToken, 1);
    const { entries, more } = await affinityPage(affinity.table, after!, pageSize(size));
    return {
      affinities: entries.map((entry) => tell(entry, memory)),
      nextPageToken: more ? makeToken(entries.at(-1)!.row) : '',
      total: affinity.table.size,
    };
  }

  get({ route, key }: KeyRequest): AffinityMessage {
    const { memory, affinity } = this.remembering(route);
    return tell(entryOf(affinity, key), memory);
  }

  set({ route, key, backend: backendName }: KeyRequest & { readonly backend: string }): AffinityMessage {
    const { memory, affinity } = this.remembering(route);
    const backend = this.lookup.backend(memory.config.cluster, backendName);
    const octets = Buffer.from(key);
    if (octets.length > MAX_KEY_BYTES) {
      throw new ControlError(Status.INVALID_ARGUMENT, `the key is longer than ${MAX_KEY_BYTES} bytes`);
    }
    const other = affinity.table.set(octets, 0, octets.length, backend);
    if (other === 'full') {
      throw new ControlError(
        Status.RESOURCE_EXHAUSTED,
        'the affinity table is full, and calls in flight use every key',
      );
    }
    if (other !== undefined) {
      throw new ControlError(Status.ALREADY_EXISTS, `the key belongs to backend ${other.name}: delete it first`);
    }
    return tell(entryOf(affinity, key), memory);
  }

  delete({ route, key }: KeyRequest): AffinityMessage {
    const { memory, affinity } = this.remembering(route);
    const entry = entryOf(affinity, key);
    if (entry.calls > 0) {
      throw new ControlError(Status.FAILED_PRECONDITION, `calls in flight use the key: ${entry.calls}`);
    }
    affinity.table.delete(entry);
    return tell(entry, memory);
  }

  private remembering(route: RouteName | null): { readonly memory: RouteMemory; readonly affinity: Affinity } {
    const memory = this.lookup.memory(route);
    const { affinity, config } = memory;
    if (affinity === undefined) {
      const reason = `route ${config.name} is of type ${config.type} and remembers no keys`;
      throw new ControlError(Status.FAILED_PRECONDITION, reason);
    }
    return { memory, affinity };
  }
}

function entryOf({ table }: Affinity, key: string): AffinityEntry {
  const octets = Buffer.from(key);
  const entry = octets.length > MAX_KEY_BYTES ? undefined : table.get(octets);
  // The caller knows which key it asked for; messages are logged, and keys are not.
  if (entry === undefined) throw new ControlError(Status.NOT_FOUND, 'unknown key');
  return entry;
}

function tell({ key, backend, calls }: AffinityEntry, { config }: RouteMemory): AffinityMessage {
  return { key: textOfKey(key), cluster: config.cluster, backend: backend.name, calls };
}
