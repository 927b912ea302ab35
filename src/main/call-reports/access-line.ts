import { statusName } from '../../grpc/status-code.js';
import { type LegReport, outcomeName } from '../../port/leg-outcome.js';

/** What a line is made of; a `CallReport` is one. */
export interface EndedCall {
  readonly name: string;
  readonly listener: string;
  readonly peer: string;
  readonly path: string;
  readonly route: string;
  readonly cluster: string;
  readonly backend: string;
  readonly status: number;
  readonly http: number;
  readonly totalMs: number;
  readonly backendMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly legs: readonly LegReport[];
  connectionName(leg: LegReport): string;
}

/** The fields of an access log line that can be missing: no key, no trace. */
export interface LineExtras {
  readonly key?: string | undefined;
  readonly keyHash?: string | undefined;
  readonly trace?: string | undefined;
}

/** Characters of what a client says, and of a name in the configuration. */
const MAX_TEXT = 256;
const MAX_NAME = 64;
/** Replicas told of. */
const MAX_REPLICAS = 16;

/**
 * The fields of a call's line in the access log. Of what a client sends only the path is in it, and the key where that is allowed;
 * both are cut and have nothing but printable ASCII, so a line is whole and at most about 4 KiB whatever they are.
 */
export function accessLine(call: EndedCall, { key, keyHash, trace }: LineExtras): object {
  const { totalMs, backendMs, legs } = call;
  return {
    event: 'call',
    // Its end is what matters, so it is not cut: the listener's name is the operator's.
    call: call.name,
    listener: name(call.listener),
    peer: call.peer,
    method: printable(call.path),
    route: name(call.route),
    cluster: name(call.cluster),
    backend: name(call.backend),
    key: key === undefined ? undefined : printable(key),
    keyHash,
    status: call.status < 0 ? undefined : statusName(call.status),
    http: call.http === 200 ? undefined : call.http,
    durationMs: round(totalMs),
    routerMs: backendMs < 0 ? undefined : round(Math.max(0, totalMs - backendMs)),
    backendMs: backendMs < 0 ? undefined : round(backendMs),
    requestBytes: call.requestBytes,
    responseBytes: call.responseBytes,
    replicas: legs.slice(0, MAX_REPLICAS).map((leg) => ({
      connection: name(call.connectionName(leg)),
      outcome: outcomeName(leg.outcome),
      ms: round(leg.endedMs - leg.openedMs),
    })),
    replicasLeftOut: legs.length > MAX_REPLICAS ? legs.length - MAX_REPLICAS : undefined,
    trace,
  };
}

/** Octets outside printable ASCII, and `%`, as `%XX`. @param octets one character an octet */
function printable(octets: string): string {
  const cut = octets.length > MAX_TEXT ? octets.slice(0, MAX_TEXT) : octets;
  const escaped = PLAIN.test(cut) ? cut : cut.replace(ESCAPED, percent);
  if (octets.length <= MAX_TEXT && escaped.length <= MAX_TEXT) return escaped;
  return `${escaped.slice(0, MAX_TEXT)}…`;
}

const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;
const ESCAPED = /[^\x20-\x24\x26-\x7e]/g;

function percent(octet: string): string {
  return `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function name(text: string): string {
  return text.length <= MAX_NAME ? text : `${text.slice(0, MAX_NAME)}…`;
}

/** Microseconds are as good as the clock. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
