import type { BackendLink } from '../backends/backend-link.js';
import { Call } from './call.js';
import { CallState } from './call-state.js';
import type { ClientConnection } from './client-connection.js';
import type { Listener } from './listener.js';

/** Streams looked at for one page: finding what is old among a great many calls must not hold the others up. */
const MAX_LOOKS = 20_000;

/** A call's place in the list of all: number of its listener (from 1), of its connection there, and of its stream. */
export type CallPlace = readonly [listener: number, connection: number, stream: number];

/** What can be told of a call in flight. */
export interface ActiveCall {
  /** See `callName`. */
  readonly name: string;
  readonly listener: string;
  readonly peer: string;
  /** `:path`. */
  readonly method: string;
  readonly route: string;
  readonly cluster: string;
  /** Undefined until it is routed. */
  readonly backend: BackendLink | undefined;
  readonly state: CallState;
  /** In ms of performance.now(). */
  readonly beganMs: number;
  /** Its number on the port of the backend's worker. */
  readonly slot: number;
  readonly generation: number;
}

/** A part of the list. */
export interface ActiveCallPage {
  readonly calls: readonly ActiveCall[];
  /** Where to go on; undefined when nothing follows. */
  readonly next: CallPlace | undefined;
}

/**
 * Calls in flight in the order of listeners, connections and streams. There is no table of them: the streams of the
 * connections are it.
 * @param after the place before the first
 * @param limit calls on the page
 * @param beganBefore only those that began no later, in ms of performance.now()
 */
export function activeCalls(
  listeners: readonly Listener[],
  after: CallPlace,
  limit: number,
  beganBefore: number,
): ActiveCallPage {
  const calls: ActiveCall[] = [];
  let looks = 0;
  for (let number = Math.max(1, after[0]); number <= listeners.length; number++) {
    const listener = listeners[number - 1]!;
    const [, afterConnection, afterStream] = number === after[0] ? after : [0, 0, 0];
    for (const client of listener.clients) {
      if (client.number < afterConnection) continue;
      for (const { id, handler } of client.streams) {
        if (client.number === afterConnection && id <= afterStream) continue;
        if (handler instanceof Call && handler.state !== CallState.over && handler.beganMs <= beganBefore) {
          calls.push(describe(handler, listener, client));
        }
        looks++;
        if (calls.length === limit || looks === MAX_LOOKS) return { calls, next: [number, client.number, id] };
      }
    }
  }
  return { calls, next: undefined };
}

function describe(call: Call, listener: Listener, client: ClientConnection): ActiveCall {
  const { route, backend } = call;
  return {
    name: call.name,
    listener: listener.config.name,
    peer: client.peer,
    method: call.headers.get(':path') ?? '',
    route: route?.routeName ?? '',
    // A source route leads anywhere; the others to their own cluster.
    cluster: backend?.clusterName ?? route?.cluster.name ?? '',
    backend,
    state: call.state,
    beganMs: call.beganMs,
    slot: call.slot,
    generation: call.generation,
  };
}
