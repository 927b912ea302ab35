import type { Limit } from './limit-counters.js';

/**
 * Frames that cost us something and a peer nothing: each kind has a budget. The order is that of `inOrder`.
 */
export const Abuse = {
  /** RST_STREAM from the peer. */
  reset: 0,
  /** A stream that the peer made us reset. */
  fault: 1,
  /** A stream over the peer's limit. */
  refusal: 2,
  /** SETTINGS, and GOAWAY, of which a peer needs two. */
  settings: 3,
  ping: 4,
  emptyFrame: 5,
  windowUpdate: 6,
  priority: 7,
  /** A frame of a type that we do not know, or an ACK of nothing. */
  unknownFrame: 8,
  /** An interim (1xx) response. */
  interim: 9,
} as const;
export type Abuse = (typeof Abuse)[keyof typeof Abuse];

/** The counter of each kind. */
export const abuseLimit: readonly Limit[] = [
  'resets',
  'faults',
  'refusals',
  'settings',
  'pings',
  'emptyFrames',
  'windowUpdates',
  'priorities',
  'unknownFrames',
  'interimResponses',
];

/** What a peer may do for ever, in frames a second; ten seconds' worth at once. */
export interface AbuseRates {
  readonly resetsPerSecond: number;
  readonly faultsPerSecond: number;
  readonly refusalsPerSecond: number;
  readonly settingsPerSecond: number;
  readonly pingsPerSecond: number;
  readonly emptyFramesPerSecond: number;
  readonly windowUpdatesPerSecond: number;
  readonly prioritiesPerSecond: number;
  readonly unknownFramesPerSecond: number;
  readonly interimResponsesPerSecond: number;
}

/** By {@link Abuse}. */
function inOrder(rates: AbuseRates): number[] {
  return [
    rates.resetsPerSecond,
    rates.faultsPerSecond,
    rates.refusalsPerSecond,
    rates.settingsPerSecond,
    rates.pingsPerSecond,
    rates.emptyFramesPerSecond,
    rates.windowUpdatesPerSecond,
    rates.prioritiesPerSecond,
    rates.unknownFramesPerSecond,
    rates.interimResponsesPerSecond,
  ];
}

/** WINDOW_UPDATE frames that a DATA frame we sent is worth: two are usual, and some clients update in small steps. */
const UPDATES_PER_DATA = 10;

/** What a session did for its peer so far: that much the peer may do besides its rates. */
export class HonestTraffic {
  /**
   * Streams whose answer was given, whatever came after it: grpc-go resets every call that is answered before it has sent its
   * END_STREAM, and so do servers.
   */
  streamsAnswered = 0;
  /** DATA frames, but not those that a window kept small. */
  dataFrames = 0;
  headerBlocks = 0;

  /** In tokens of this kind. */
  worth(kind: Abuse): number {
    switch (kind) {
      case Abuse.reset:
        return this.streamsAnswered;
      case Abuse.ping:
        // gRPC peers measure the bandwidth with a PING for the DATA they get.
        return this.dataFrames + this.headerBlocks;
      case Abuse.windowUpdate:
        return this.dataFrames * UPDATES_PER_DATA;
      default:
        return 0;
    }
  }
}

/** A peer may do as much as this many seconds allow at once. */
export const BURST_SECONDS = 10;

/**
 * The token buckets of one session. Over time, never for the connection's life: a long-lived connection that cancels a call
 * now and then must not die of it (linkerd/linkerd2#14908, grpc/grpc-node#2625). Honest traffic earns: a call that ends as it
 * should pays for a reset, DATA that we sent pays for WINDOW_UPDATE and PING.
 *
 * The clock is read only when a bucket is empty, so a frame within its budget costs one decrement.
 */
export class AbuseBudget {
  private readonly rates: Float64Array;
  private readonly now: () => number;
  private readonly tokens: Float64Array;
  /** When each bucket was filled last, ms. */
  private readonly filledAt: Float64Array;
  /** What the traffic was worth then. */
  private readonly worthThen: Float64Array;
  private readonly traffic: HonestTraffic;

  /** @param now a clock in ms that never goes back */
  constructor(rates: AbuseRates, traffic: HonestTraffic, now: () => number) {
    this.traffic = traffic;
    this.now = now;
    this.rates = Float64Array.from(inOrder(rates));
    this.tokens = this.rates.map((rate) => rate * BURST_SECONDS);
    this.filledAt = new Float64Array(this.rates.length).fill(now());
    this.worthThen = new Float64Array(this.rates.length);
  }

  /** Takes one token. False when there is none: the peer has gone too far. */
  spend(kind: Abuse): boolean {
    if (this.tokens[kind]! >= 1) {
      this.tokens[kind]!--;
      return true;
    }
    return this.refill(kind);
  }

  private refill(kind: Abuse): boolean {
    const now = this.now();
    const worth = this.traffic.worth(kind);
    const rate = this.rates[kind]!;
    const gained = ((now - this.filledAt[kind]!) * rate) / 1000 + worth - this.worthThen[kind]!;
    this.filledAt[kind] = now;
    this.worthThen[kind] = worth;
    this.tokens[kind] = Math.min(rate * BURST_SECONDS, this.tokens[kind]! + gained);
    if (this.tokens[kind]! < 1) return false;
    this.tokens[kind]!--;
    return true;
  }

  /** Gives a peer that was told to go half a burst more: calls in flight may end, an attack soon runs into it again. */
  pardon(kind: Abuse): void {
    this.tokens[kind] = (this.rates[kind]! * BURST_SECONDS) / 2;
  }
}
