import type { RequestSnapshot } from '../../../port/control-messages.js';
import type { WorkerHost } from '../../backends/worker-host.js';
import { type ActiveCall, activeCalls, type CallPlace } from '../../northbound/active-calls.js';
import { CallState } from '../../northbound/call-state.js';
import type { Listener } from '../../northbound/listener.js';
import type { Lookup } from '../lookup.js';
import { makeToken, pageSize, parseToken } from './page.js';
import type { WorkerAnswers } from './worker-answers.js';

/** `afrouter.v1.Call`. */
export interface CallMessage {
  readonly name: string;
  readonly listener: string;
  readonly peer: string;
  readonly method: string;
  readonly route: string;
  readonly cluster: string;
  readonly backend: string;
  readonly state: string;
  readonly beganUnixMs: number;
  readonly requestBytes: number;
  readonly replicas: readonly {
    readonly connection: string;
    readonly state: string;
    readonly takenBytes: number;
    readonly answerBytes: number;
  }[];
}

interface ListRequest {
  readonly pageSize: number;
  readonly pageToken: string;
  readonly minAgeMs: number;
}

const STATES: Readonly<Record<CallState, string>> = {
  [CallState.holding]: 'HOLDING',
  [CallState.linked]: 'LINKED',
  [CallState.answering]: 'ANSWERING',
  [CallState.over]: 'STATE_UNSPECIFIED',
};

/** `ListCalls`: what the main thread knows of calls in flight, and how their legs stand in the workers. */
export class CallList {
  private readonly lookup: Lookup;
  private readonly workers: WorkerAnswers;
  private readonly listeners: Iterable<Listener>;

  constructor(lookup: Lookup, workers: WorkerAnswers, listeners: Iterable<Listener>) {
    this.lookup = lookup;
    this.workers = workers;
    this.listeners = listeners;
  }

  async list(request: ListRequest): Promise<{ calls: CallMessage[]; nextPageToken: string }> {
    const after = parseToken(request.pageToken, 3) as unknown as CallPlace;
    const now = performance.now();
    const page = activeCalls([...this.listeners], after, pageSize(request.pageSize), now - request.minAgeMs);
    const requests = await this.ask(page.calls);
    const toWallClock = Date.now() - now;
    return {
      calls: page.calls.map((call) => tell(call, requests.get(call), toWallClock)),
      nextPageToken: page.next === undefined ? '' : makeToken(...page.next),
    };
  }

  /** One question to each worker that has some of the calls. */
  private async ask(calls: readonly ActiveCall[]): Promise<ReadonlyMap<ActiveCall, RequestSnapshot>> {
    const byHost = new Map<WorkerHost, ActiveCall[]>();
    for (const call of calls) {
      if (call.backend === undefined) continue;
      const host = this.lookup.hostOf(call.backend);
      // A backend that a new configuration has removed finishes its calls, but nobody can be asked about them.
      if (host === undefined) continue;
      const its = byHost.get(host);
      if (its === undefined) byHost.set(host, [call]);
      else its.push(call);
    }
    const answers = new Map<ActiveCall, RequestSnapshot>();
    await Promise.all(
      [...byHost].map(async ([host, its]) => {
        const numbers = its.map(({ slot, generation }) => [slot, generation] as const);
        const snapshots = await this.workers.ask(host, (asked) => asked.requests(numbers));
        snapshots?.forEach((snapshot, index) => {
          if (snapshot !== undefined) answers.set(its[index]!, snapshot);
        });
      }),
    );
    return answers;
  }
}

function tell(call: ActiveCall, request: RequestSnapshot | undefined, toWallClock: number): CallMessage {
  const { name, listener, peer, method, route, cluster, backend, state, beganMs } = call;
  return {
    name,
    listener,
    peer,
    method,
    route,
    cluster,
    backend: backend?.name ?? '',
    state: STATES[state],
    beganUnixMs: Math.round(beganMs + toWallClock),
    requestBytes: request?.receivedBytes ?? 0,
    replicas: (request?.legs ?? []).map((leg) => ({
      connection: backend!.connectionNames[leg.connection]!,
      state: leg.state.toUpperCase(),
      takenBytes: leg.takenBytes,
      answerBytes: leg.answerBytes,
    })),
  };
}
