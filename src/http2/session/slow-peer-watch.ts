import { ErrorCode } from '../frame/error-code.js';
import { ResetCause, type Stream } from '../stream/stream.js';
import type { Limit } from './limit-counters.js';
import type { SessionOptions } from './options.js';

/** The session, as its watch sees it. */
export interface WatchedSession {
  readonly openStreams: readonly Stream[];
  readonly streamCount: number;
  failFor(limit: Limit, code: number, message: string): void;
  resetNow(stream: Stream, code: number): void;
  hit(limit: Limit, detail: string): void;
  /** Ends a connection whose peer does not read. */
  dropUnread(limit: Limit, reason: string): void;
}

/** How far the session's input is. */
export interface WatchedInput {
  readonly prefaceDone: boolean;
  readonly midHeaders: boolean;
  readonly completed: number;
}

/** How far the session's output is. */
export interface WatchedOutput {
  /** Bytes that the socket was given. */
  readonly given: number;
  /** Those of them that wait in it. */
  readonly inSocket: number;
}

/**
 * Ends what a peer draws out: a handshake, a header block sent octet by octet (slow headers), a stream whose window it never
 * opens (slow read). One look a second at each session costs nothing while nothing is wrong; no timer per stream.
 */
export class SlowPeerWatch {
  private readonly session: WatchedSession;
  private readonly input: WatchedInput;
  private readonly options: SessionOptions;
  private readonly bornAt: number;
  /** Since when the input has been in the middle of the same header block, ms; 0 = it is not. */
  private midHeadersSince = 0;
  private completedThen = 0;
  private readonly output: WatchedOutput;
  /** Since when the socket has taken nothing of what waits in it, ms; 0 = it does. */
  private unreadSince = 0;
  private takenThen = 0;

  /** @param bornAt ms of the clock that `look` gets */
  constructor(
    session: WatchedSession,
    input: WatchedInput,
    output: WatchedOutput,
    options: SessionOptions,
    bornAt: number,
  ) {
    this.session = session;
    this.input = input;
    this.output = output;
    this.options = options;
    this.bornAt = bornAt;
  }

  look(now: number): void {
    const { handshakeTimeoutMs, headerTimeoutMs, stallTimeoutMs } = this.options;
    if (!this.input.prefaceDone) {
      if (handshakeTimeoutMs > 0 && now - this.bornAt > handshakeTimeoutMs) {
        this.session.failFor('handshakeTimeouts', ErrorCode.PROTOCOL_ERROR, `no SETTINGS in ${handshakeTimeoutMs} ms`);
      }
      return;
    }
    if (headerTimeoutMs > 0) this.lookAtHeaders(now, headerTimeoutMs);
    if (stallTimeoutMs === 0) return;
    if (this.session.streamCount > 0) this.lookAtStreams(now, stallTimeoutMs);
    this.lookAtOutput(now, stallTimeoutMs);
  }

  /** Answers that were framed belong to no stream any more: many calls whose answers nobody reads would stay for ever. */
  private lookAtOutput(now: number, limitMs: number): void {
    const { given, inSocket } = this.output;
    const taken = given - inSocket;
    if (inSocket === 0) {
      this.unreadSince = 0;
    } else if (this.unreadSince === 0 || taken !== this.takenThen) {
      this.unreadSince = now;
      this.takenThen = taken;
    } else if (now - this.unreadSince > limitMs) {
      this.session.dropUnread('stalledConnections', `the peer read nothing for ${limitMs} ms`);
    }
  }

  private lookAtHeaders(now: number, limitMs: number): void {
    const { input } = this;
    if (!input.midHeaders) {
      this.midHeadersSince = 0;
    } else if (this.midHeadersSince === 0 || this.completedThen !== input.completed) {
      this.midHeadersSince = now;
      this.completedThen = input.completed;
    } else if (now - this.midHeadersSince > limitMs) {
      this.session.failFor(
        'headerTimeouts',
        ErrorCode.ENHANCE_YOUR_CALM,
        `a header block is not whole after ${limitMs} ms`,
      );
    }
  }

  private lookAtStreams(now: number, limitMs: number): void {
    for (const stream of this.session.openStreams) {
      if (stream.queue.bytes === 0) continue;
      if (stream.stalledSince === 0) {
        stream.stalledSince = now;
      } else if (now - stream.stalledSince > limitMs) {
        this.session.hit('stalledStreams', `the peer took nothing of an answer for ${limitMs} ms`);
        this.session.resetNow(stream, ErrorCode.CANCEL);
        stream.handler.onReset(ErrorCode.CANCEL, ResetCause.protocol);
      }
    }
  }
}
