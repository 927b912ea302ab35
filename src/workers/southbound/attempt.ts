import type { Socket } from 'node:net';
import { ClientSession, type ClientSessionOwner } from '../../http2/session/client-session.js';
import type { Limit } from '../../http2/session/limit-counters.js';
import type { SessionContext, SessionOptions } from '../../http2/session/options.js';
import type { BackendTls } from './backend-tls.js';
import { type DialOwner, dial, failureReason } from './dial.js';

/** What an attempt needs from its thread. */
export interface AttemptContext {
  readonly session: SessionContext;
  readonly options: SessionOptions;
  readonly connectTimeoutMs: number;
}

/** The connection, as its attempts see it. */
export interface AttemptOwner {
  /** SETTINGS arrived. */
  attemptReady(attempt: Attempt): void;
  /** The peer says GOAWAY. */
  attemptGoaway(attempt: Attempt, code: number): void;
  /** It never became ready, or its session is over. */
  attemptClosed(attempt: Attempt, reason: string): void;
  /** The backend met a limit for the first time on this session. */
  attemptLimit(limit: Limit, detail: string): void;
  /** A stream slot is free again. */
  attemptSlot(attempt: Attempt): void;
}

/** One attempt to connect and, if it succeeds, its session. */
export class Attempt implements ClientSessionOwner, DialOwner {
  private readonly owner: AttemptOwner;
  private readonly context: AttemptContext;
  readonly socket: Socket;
  private readonly timer: NodeJS.Timeout;
  private openedAt = 0;
  private over = false;
  session: ClientSession | null = null;

  constructor(owner: AttemptOwner, addr: string, port: number, tls: BackendTls | null, context: AttemptContext) {
    this.owner = owner;
    this.context = context;
    this.timer = setTimeout(
      () => this.fail(`no connection within ${context.connectTimeoutMs} ms`),
      context.connectTimeoutMs,
    );
    this.socket = dial(addr, port, tls, this);
    // Before the session's own listener, so that the reason it closes with is one that an operator understands.
    this.socket.on('error', (error) => this.fail(failureReason(error)));
  }

  /** How long the session has been usable, in ms. */
  get openMs(): number {
    return this.openedAt === 0 ? 0 : performance.now() - this.openedAt;
  }

  onConnected(socket: Socket): void {
    this.session = new ClientSession(socket, this.context.session, this.context.options, this);
  }

  fail(reason: string): void {
    if (this.session !== null) {
      this.session.close(reason);
      return;
    }
    this.end(reason);
    this.socket.destroy();
  }

  private end(reason: string): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    this.owner.attemptClosed(this, reason);
  }

  drain(): void {
    clearTimeout(this.timer);
    if (this.session !== null) {
      this.session.drain();
      return;
    }
    this.end('given up');
    this.socket.destroy();
  }

  onReady(): void {
    clearTimeout(this.timer);
    this.openedAt = performance.now();
    this.owner.attemptReady(this);
  }

  onGoaway(code: number): void {
    this.owner.attemptGoaway(this, code);
  }

  onStreamSlot(): void {
    this.owner.attemptSlot(this);
  }

  onLimit(limit: Limit, detail: string): void {
    this.owner.attemptLimit(limit, detail);
  }

  onClose(reason: string): void {
    this.end(reason);
  }
}
