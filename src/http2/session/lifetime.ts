import { Expiry, type Stream } from '../stream/stream.js';
import type { LimitCounters } from './limit-counters.js';
import type { SessionOptions } from './options.js';

/** The session, as what limits its life sees it. */
export interface MortalSession {
  readonly openStreams: readonly Stream[];
  readonly streamCount: number;
  /** Id of the newest stream: tells whether there was one since the last look. */
  readonly newestId: number;
  /** Begins to send the client away; nothing when that has begun already. */
  drain(): void;
  /** Does not wait any longer for the PING between the two steps of that. */
  finishDrain(): void;
  close(reason: string): void;
}

/** A connection's age is spread by so much in both directions, so that those of one roll-out do not all come back together. */
const JITTER = 0.1;

/**
 * Ends what has lasted long enough, on the server's side: a connection without calls, a connection past its age (its clients
 * dial anew, and load spreads again), a stream past its age. Looks are about a second apart, and so exact are the times; no
 * timer and no clock per stream.
 *
 *     no stream for idleTimeoutMs   ──▶ graceful GOAWAY
 *     maxConnectionAgeMs ± 10 %     ──▶ graceful GOAWAY ──maxConnectionAgeGraceMs──▶ its streams expire, hard close
 *     a stream of maxStreamAgeMs    ──▶ its handler ends it
 */
export class Lifetime {
  private readonly session: MortalSession;
  private readonly options: SessionOptions;
  /** 0 = for ever. */
  private readonly endsAt: number;
  private idleSince: number;
  private newestId = 0;
  private drainedAt = 0;
  private aged = false;

  /** @param now ms of the clock that `look` gets; @param random in [0, 1) */
  constructor(session: MortalSession, options: SessionOptions, now: number, random: number) {
    this.session = session;
    this.options = options;
    const age = options.maxConnectionAgeMs;
    this.endsAt = age === 0 ? 0 : now + age * (1 - JITTER + 2 * JITTER * random);
    this.idleSince = now;
  }

  /** The client is being sent away, for whatever reason. */
  drainBegins(now: number): void {
    this.drainedAt = now;
  }

  look(now: number): void {
    const { maxStreamAgeMs } = this.options;
    if (maxStreamAgeMs > 0 && this.session.streamCount > 0) this.lookAtStreams(now, maxStreamAgeMs);
    if (this.endsAt !== 0 && now >= this.endsAt && !this.aged) {
      this.aged = true;
      this.end('connectionAges');
    } else if (this.drainedAt === 0) {
      this.lookAtIdle(now);
      return;
    }
    // A client that does not answer the PING must not put the second step off for ever.
    if (now - this.drainedAt >= this.options.keepaliveTimeoutMs) this.session.finishDrain();
    const { maxConnectionAgeGraceMs } = this.options;
    if (this.aged && maxConnectionAgeGraceMs > 0 && now - this.endsAt >= maxConnectionAgeGraceMs) this.cut();
  }

  private lookAtIdle(now: number): void {
    const { idleTimeoutMs } = this.options;
    const { newestId, streamCount } = this.session;
    if (streamCount > 0 || newestId !== this.newestId) {
      this.newestId = newestId;
      this.idleSince = now;
    } else if (idleTimeoutMs > 0 && now - this.idleSince >= idleTimeoutMs) {
      this.end('idleTimeouts');
    }
  }

  private lookAtStreams(now: number, limitMs: number): void {
    for (const stream of this.session.openStreams) {
      if (stream.seenAt === 0) stream.seenAt = now;
      else if (now - stream.seenAt >= limitMs) {
        stream.seenAt = Number.POSITIVE_INFINITY;
        this.options.counters.streamAges++;
        stream.handler.onExpired?.(Expiry.stream);
      }
    }
  }

  private end(counter: keyof LimitCounters): void {
    this.options.counters[counter]++;
    this.session.drain();
  }

  /** The grace is over. A socket closed under a stream would lose its status, so each is ended first. */
  private cut(): void {
    for (const stream of this.session.openStreams) stream.handler.onExpired?.(Expiry.connection);
    this.session.close('past its age and the grace after it');
  }
}
