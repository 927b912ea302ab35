import { Status } from '../../../grpc/status-code.js';
import type { BackendLink } from '../../backends/backend-link.js';
import type { RouteMemory } from '../../routing/build-routers.js';
import type { Bindings } from '../../routing/routes/binding.js';
import { ControlError } from '../control-error.js';
import type { Lookup, RouteName } from '../lookup.js';
import { makeToken, pageSize, parseToken } from './page.js';

/** `afrouter.v1.Binding`. */
export interface BindingMessage {
  readonly route: RouteName;
  readonly metadataKey: string;
  readonly cluster: string;
  readonly backend: string;
  readonly exclusive: boolean;
}

interface ListRequest {
  readonly route: RouteName | null;
  readonly pageSize: number;
  readonly pageToken: string;
}

interface BindingRequest {
  readonly route: RouteName | null;
  readonly backend: string;
}

/** The calls about backends that clients of binding routes have. */
export class RouteBindings {
  private readonly lookup: Lookup;

  constructor(lookup: Lookup) {
    this.lookup = lookup;
  }

  /** There are at most as many as routes times backends: a page is a slice. */
  list({ route, pageSize: asked, pageToken }: ListRequest): { bindings: BindingMessage[]; nextPageToken: string } {
    const memories = route === null ? this.lookup.allMemories() : [this.lookup.memory(route)];
    if (route !== null) bindingsOf(memories[0]!);
    const [start] = parseToken(pageToken, 1);
    const end = start! + pageSize(asked);
    const all = memories.flatMap((memory) => memory.bindings?.bound().map(({ name }) => tell(memory, name)) ?? []);
    return { bindings: all.slice(start, end), nextPageToken: end < all.length ? makeToken(end) : '' };
  }

  get(request: BindingRequest): BindingMessage {
    const { memory, bindings, backend } = this.named(request);
    if (!bindings.isBound(backend)) throw unbound(backend);
    return tell(memory, backend.name);
  }

  set(request: BindingRequest): BindingMessage {
    const { memory, bindings, backend } = this.named(request);
    if (bindings.isBound(backend)) {
      throw new ControlError(Status.ALREADY_EXISTS, `backend ${backend.name} is bound to a client already`);
    }
    bindings.hold(backend);
    return tell(memory, backend.name);
  }

  delete(request: BindingRequest): BindingMessage {
    const { memory, bindings, backend } = this.named(request);
    if (!bindings.release(backend)) throw unbound(backend);
    return tell(memory, backend.name);
  }

  private named({ route, backend: name }: BindingRequest): {
    readonly memory: RouteMemory;
    readonly bindings: Bindings;
    readonly backend: BackendLink;
  } {
    const memory = this.lookup.memory(route);
    return { memory, bindings: bindingsOf(memory), backend: this.lookup.backend(memory.config.cluster, name) };
  }
}

function unbound({ name }: BackendLink): ControlError {
  return new ControlError(Status.NOT_FOUND, `backend ${name} is bound to no client`);
}

function bindingsOf({ bindings, config }: RouteMemory): Bindings {
  if (bindings !== undefined) return bindings;
  throw new ControlError(Status.FAILED_PRECONDITION, `route ${config.name} is of type ${config.type}, not binding`);
}

function tell({ router, service, config, bindings }: RouteMemory, backend: string): BindingMessage {
  return {
    route: { router, route: config.name, service },
    metadataKey: bindings!.metadataKey,
    cluster: config.cluster,
    backend,
    exclusive: bindings!.isExclusive,
  };
}
