import type { Logger } from 'pino';
import { ErrorCode } from '../../http2/frame/error-code.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { Limit } from '../../http2/session/limit-counters.js';
import { SocketBytes } from '../../observability/socket-bytes.js';
import type { ConnectionPlan, ConnectionSnapshot } from '../../port/control-messages.js';
import { Attempt, type AttemptContext, type AttemptOwner } from './attempt.js';
import type { BackendTls } from './backend-tls.js';
import { Backoff } from './backoff.js';
import type { ConnectionState } from './connection-state.js';
import type { ReplicaStream } from './replica-stream.js';
import { WaitingLine } from './waiting-line.js';

/** A session that was open this long or longer counts as a success: the back-off starts over, and GOAWAY redials at once. */
const GOOD_SESSION_MS = 1000;

/** What a connection needs from its thread. */
export interface ConnectionContext extends AttemptContext {
  readonly log: Logger;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** How long calls wait for a connection that was taken leave of in order, in ms; 0 = they do not. */
  readonly retryWaitMs: number;
}

/** Told when a connection can be used, when it no longer can, and when it is not expected back any more. */
export interface ConnectionOwner {
  onOpen(connection: Connection): void;
  /** It was open and drained, and is drained no more. */
  onTakesLegs(connection: Connection): void;
  onClosed(connection: Connection): void;
}

/**
 * One address of a backend and the HTTP/2 connection to it, dialled at start and for ever after. Sessions that were sent
 * away (GOAWAY, a move, ids used up) live on until their last stream ends, while a new one is dialled.
 */
export class Connection implements AttemptOwner {
  readonly name: string;
  /** `connection NAME`, for messages that are made for every call. */
  readonly label: string;
  readonly index: number;
  private readonly owner: ConnectionOwner;
  private readonly context: ConnectionContext;
  private readonly log: Logger;
  private readonly backoff: Backoff;
  private readonly tls: BackendTls | null;
  private addr: string;
  private port: number;
  private current: Attempt | null = null;
  private retryTimer: NodeJS.Timeout | null = null;
  /** Those with sessions that were sent away and still have streams. */
  private readonly leaving = new Set<Attempt>();
  private readonly line: WaitingLine;
  state: ConnectionState = 'unset';
  /** Grows with each move: streams to an earlier address are not streams to this replica. */
  epoch = 0;
  /** It takes no new legs; those it has go on, and it is dialled as ever. */
  private drained: boolean;
  /** Times it was dialled, and times that led to an open connection. */
  private dials = 0;
  private opens = 0;
  /** Why it was closed last. */
  private lastError = '';
  private readonly bytes = new SocketBytes();

  constructor(
    { name, addr, port, drained }: ConnectionPlan,
    index: number,
    tls: BackendTls | null,
    owner: ConnectionOwner,
    context: ConnectionContext,
    log: Logger,
  ) {
    this.name = name;
    this.label = `connection ${name}`;
    this.index = index;
    this.addr = addr;
    this.port = port;
    this.tls = tls;
    this.drained = drained;
    this.owner = owner;
    this.context = context;
    this.log = log.child({ connection: name });
    this.backoff = new Backoff(context.reconnectMinMs, context.reconnectMaxMs);
    this.line = new WaitingLine(context.retryWaitMs, () => owner.onClosed(this));
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** True when a request may get a leg on it. */
  get takesLegs(): boolean {
    return this.state === 'open' && !this.drained;
  }

  /** True while it is between two sessions, the peer took leave in order, and new calls may wait for the next one. */
  get isExpected(): boolean {
    return this.line.takesNew && !this.drained;
  }

  /** True when a leg that the peer did not process can be opened here again. */
  get takesBack(): boolean {
    return this.isOpen || this.line.awaitsSession;
  }

  /** `host:port`, for messages; `''` while unset. */
  get address(): string {
    return this.addr === '' ? '' : `${this.addr}:${this.port}`;
  }

  /** Dials if the address is known. */
  start(): void {
    if (this.addr !== '') this.dial();
  }

  /** Takes a new address: the old session drains, the new one is dialled at once. `addr` `''` takes it out of service. */
  move(addr: string, port: number): void {
    if (addr === this.addr && port === this.port) return;
    this.log.info({ event: 'connection_moved', from: this.address, to: `${addr}:${port}` }, 'connection moves');
    this.addr = addr;
    this.port = port;
    this.epoch++;
    this.backoff.reset();
    if (addr !== '') this.awaitNext(true);
    else this.line.close('was taken out of service');
    this.leave();
    if (addr !== '') this.dial();
    else this.owner.onClosed(this);
  }

  /** A drained connection takes no new legs; requests in progress get one when it is brought back. */
  setDrained(drained: boolean): void {
    if (drained === this.drained) return;
    this.drained = drained;
    this.log.info(
      { event: drained ? 'connection_drained' : 'connection_undrained' },
      drained ? 'connection takes no new calls' : 'connection takes calls again',
    );
    if (this.takesLegs) this.owner.onTakesLegs(this);
  }

  /**
   * Opens the stream of `leg` now, or as soon as the next session is there and the peer allows one more.
   * Only while the connection is open, expected, or takes back.
   */
  open(leg: ReplicaStream, headers: HeaderList, extra: HeaderField | undefined, endStream: boolean): void {
    const session = this.isOpen ? this.current!.session! : null;
    if (session === null || this.line.count > 0 || !session.canOpen) {
      leg.wait(headers, extra, endStream);
      this.line.add(leg);
      return;
    }
    leg.attach(session.open(leg, headers, extra, endStream));
    if (session.retired) this.retire();
  }

  /** Forgets a leg that waits for its turn. */
  abandon(leg: ReplicaStream): void {
    this.line.remove(leg);
  }

  /** The peer takes streams again. */
  private admit(): void {
    for (let leg = this.line.first; leg !== undefined; leg = this.line.first) {
      const session = this.isOpen ? this.current!.session! : null;
      if (session === null || !session.canOpen) break;
      this.line.remove(leg);
      leg.admit(session);
      if (session.retired) this.retire();
    }
  }

  /** The session at hand is taken leave of: what cannot be sent now waits for the next. @param inOrder new calls may wait too */
  private awaitNext(inOrder: boolean): void {
    if (this.isOpen) this.line.awaitSession(inOrder);
  }

  private dial(): void {
    this.become('dialling');
    this.dials++;
    this.current = new Attempt(this, this.addr, this.port, this.tls, this.context);
    this.bytes.add(this.current.socket);
  }

  /** The session at hand gets no new streams and ends with its last; the connection is not open any more. */
  private leave(): void {
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    this.retryTimer = null;
    const attempt = this.current;
    this.current = null;
    this.become(this.addr === '' ? 'unset' : 'waiting');
    if (attempt === null) return;
    if (attempt.session !== null) this.leaving.add(attempt);
    attempt.drain();
  }

  private retire(): void {
    this.log.info({ event: 'connection_retired', reason: 'stream ids used up' }, 'connection is replaced');
    this.awaitNext(true);
    this.leave();
    this.dial();
  }

  // ── what attempts say ──────────────────────────────────────────────────────────────────────────────────────────────

  attemptReady(attempt: Attempt): void {
    if (this.current !== attempt) return;
    this.log.info({ event: 'connection_open', address: this.address }, 'connection open');
    this.become('open');
  }

  attemptGoaway(attempt: Attempt, code: number): void {
    if (this.current !== attempt) return;
    this.log.info({ event: 'connection_goaway', code }, 'connection is sent away');
    const good = attempt.openMs >= GOOD_SESSION_MS;
    if (good) this.backoff.reset();
    this.current = null;
    this.leaving.add(attempt);
    this.awaitNext(code === ErrorCode.NO_ERROR);
    this.become('waiting');
    // A peer that says GOAWAY to every new connection must not be dialled in a loop.
    if (good) this.dial();
    else this.retryLater();
  }

  attemptClosed(attempt: Attempt, reason: string): void {
    this.leaving.delete(attempt);
    if (this.current !== attempt) return;
    const event = this.state === 'open' ? 'connection_lost' : 'connection_failed';
    this.log.warn({ event, address: this.address, reason }, 'connection closed');
    this.lastError = reason;
    if (attempt.openMs >= GOOD_SESSION_MS) this.backoff.reset();
    this.current = null;
    this.become('waiting');
    this.retryLater();
  }

  attemptLimit(limit: Limit, detail: string): void {
    // Dialling is paced, and each session tells of a limit once: no flood of lines can come of it.
    this.log.warn({ event: 'limit_hit', limit, address: this.address, detail }, 'a backend met a limit');
  }

  attemptSlot(attempt: Attempt): void {
    if (this.current === attempt) this.admit();
  }

  snapshot(): ConnectionSnapshot {
    return {
      state: this.state,
      dials: this.dials,
      opens: this.opens,
      lastError: this.lastError,
      streams: this.current?.session?.streamCount ?? 0,
      waiting: this.line.count,
      receivedBytes: this.bytes.received,
      sentBytes: this.bytes.sent,
      rttMs: this.current?.session?.rttMs ?? -1,
    };
  }

  private retryLater(): void {
    this.retryTimer = setTimeout(() => {
      this.retryTimer = null;
      this.dial();
    }, this.backoff.next());
  }

  /** Looks for what takes too long. @param now ms of performance.now() */
  sweep(now: number): void {
    this.current?.session?.sweep(now);
    for (const { session } of this.leaving) session?.sweep(now);
  }

  /** Ends it for good. */
  close(): void {
    this.line.close('is closed');
    this.leave();
    this.become('closed');
  }

  private become(state: ConnectionState): void {
    const was = this.state;
    this.state = state;
    if (state === 'open' && was !== 'open') {
      this.opens++;
      this.line.awaitNoLonger();
      this.owner.onOpen(this);
      this.admit();
    } else if (was === 'open' && state !== 'open') {
      if (!this.line.awaitsSession) this.line.turnAway('closed before the call was sent');
      this.owner.onClosed(this);
    }
  }
}
