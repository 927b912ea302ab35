import { ErrorCode } from '../frame/error-code.js';
import type { Limit } from './limit-counters.js';
import type { SessionOptions } from './options.js';
import type { Pinger } from './pinger.js';

/** The session, as its keep-alive sees it. */
export interface KeptSession {
  readonly streamCount: number;
  failFor(limit: Limit, code: number, message: string): void;
}

/**
 * Finds out that the peer has vanished without a word (no FIN ever came): it is sent a PING after it has been silent for
 * `keepaliveMs`, and the connection ends when nothing at all has come within `keepaliveTimeoutMs` after that. Any byte is a
 * sign of life. Looks are about a second apart, and so exact are the times.
 *
 * PINGs are at least `keepaliveMs` apart: gRPC servers count those that come sooner than they allow (grpc/doc/keepalive.md).
 */
export class Keepalive {
  private readonly session: KeptSession;
  private readonly options: SessionOptions;
  private readonly pinger: Pinger;
  /** Set by the session with each chunk that comes: cheaper than a clock. */
  heard = true;
  private silentSince = 0;
  private pingedAt = 0;

  constructor(session: KeptSession, options: SessionOptions, pinger: Pinger) {
    this.session = session;
    this.options = options;
    this.pinger = pinger;
  }

  /** @param now ms */
  look(now: number): void {
    if (this.heard) {
      this.heard = false;
      this.silentSince = now;
      this.pingedAt = 0;
      return;
    }
    const { keepaliveMs, keepaliveTimeoutMs, keepaliveIdle } = this.options;
    if (keepaliveMs === 0) return;
    if (this.pingedAt !== 0) {
      if (now - this.pingedAt >= keepaliveTimeoutMs) {
        this.session.failFor(
          'keepaliveTimeouts',
          ErrorCode.NO_ERROR,
          `no answer to a PING in ${keepaliveTimeoutMs} ms`,
        );
      }
    } else if (now - this.silentSince >= keepaliveMs && (keepaliveIdle || this.session.streamCount > 0)) {
      this.pingedAt = now;
      this.pinger.send();
    }
  }
}
