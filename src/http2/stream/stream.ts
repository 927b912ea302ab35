import type { HeaderField } from '../hpack/header-field.js';
import type { HeaderList } from '../hpack/header-list.js';
import type { Session } from '../session/session.js';
import { SendQueue } from './send-queue.js';
import { StreamState } from './stream-state.js';

/** Why a stream ended without both sides saying END_STREAM. */
export const ResetCause = {
  /** The peer sent RST_STREAM. */
  peer: 0,
  /** The peer did not process it and it may be sent again safely: REFUSED_STREAM, or above a GOAWAY's last id (RFC 9113 §8.7). */
  refused: 1,
  /** The connection was lost. */
  connection: 2,
  /** The peer broke the protocol on this stream; we sent RST_STREAM. */
  protocol: 3,
} as const;
export type ResetCause = (typeof ResetCause)[keyof typeof ResetCause];

/** What has lasted long enough when a stream is to end (server side). */
export const Expiry = {
  /** The stream is past `maxStreamAgeMs`. */
  stream: 0,
  /** Its connection is past its age and the grace after it. */
  connection: 1,
} as const;
export type Expiry = (typeof Expiry)[keyof typeof Expiry];

/**
 * The owner of a stream: a call (northbound) or a replica stream (southbound). Buffers are borrowed from the read chunk:
 * keeping bytes keeps the chunk.
 */
export interface StreamHandler {
  /** Response headers (client side; interim 1xx ones are not passed on). Request headers come with the stream itself. */
  onHeaders(list: HeaderList, endStream: boolean): void;
  /** A range of the body; may be empty when it only ends the stream. */
  onData(buf: Buffer, start: number, end: number, endStream: boolean): void;
  /** The trailers, which always end the stream. */
  onTrailers(list: HeaderList): void;
  /** The stream is gone; nothing follows. `code` is an RFC 9113 error code. */
  onReset(code: number, cause: ResetCause): void;
  /** So many bytes of what was given to `sendData` have been framed for the socket: the credit for whoever sent them. */
  onSent(bytes: number): void;
  /** The stream has lasted long enough (server side only): the owner ends it as its protocol wants, now. Without it, it goes on. */
  onExpired?(expiry: Expiry): void;
}

/** For a stream that nobody listens to: not yet, or not any more. */
export const NO_HANDLER: StreamHandler = {
  onHeaders() {},
  onData() {},
  onTrailers() {},
  onReset() {},
  onSent() {},
};

/**
 * One stream of a session, as its owner uses it. Sending never fails: what the windows or the socket do not take now waits
 * in the send queue, and `onSent` tells when it went. Whoever feeds `sendData` must therefore give credit to its own source only
 * on `onSent`. Calls on a stream that is closed or ended locally do nothing.
 */
export class Stream {
  readonly session: Session;
  readonly id: number;
  handler: StreamHandler;
  /** Read only outside http2. */
  state: StreamState = StreamState.OPEN;

  /** Bytes we may still send; negative after the peer lowered its initial window (RFC 9113 §6.9.2). */
  sendWindow: number;
  /** Bytes the peer may still send. */
  receiveWindow: number;
  /** Bytes consumed and not yet announced with WINDOW_UPDATE. */
  unannounced = 0;
  /** Body bytes still owed according to content-length, or -1 without one. */
  contentLeft = -1;
  /** True once a final (not 1xx) header block was received. */
  gotHeaders = false;
  /** True once the peer sent anything on the stream: it has taken it on, and can no longer refuse it unprocessed. */
  heardFrom = false;
  /** True while the stream stands in the session's line of streams with something to send. */
  inLine = false;
  /** Since when nothing of what waits in `queue` could be sent, ms of the session's clock; 0 = it moves. */
  stalledSince = 0;
  /** When it was first seen by the watch over its age, ms of the session's clock; 0 = not yet. */
  seenAt = 0;
  readonly queue = new SendQueue();
  /** @internal the next stream in the same bucket of the session's StreamTable */
  nextInBucket: Stream | null = null;

  constructor(session: Session, id: number, handler: StreamHandler, sendWindow: number, receiveWindow: number) {
    this.session = session;
    this.id = id;
    this.handler = handler;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /** True while neither side has reset it and at least one may still send. */
  get open(): boolean {
    return this.state !== StreamState.CLOSED;
  }

  /** Bytes accepted by `sendData` and not yet framed. */
  get queuedBytes(): number {
    return this.queue.bytes;
  }

  /** Sends a header block: response headers (server side). `extra` is one more field at the end. */
  sendHeaders(list: HeaderList, extra: HeaderField | undefined, endStream: boolean): void {
    this.session.sender.headers(this, list, extra, endStream);
  }

  /** Sends a range of the body. The bytes must not change afterwards: what cannot go now is kept by reference. */
  sendData(buf: Uint8Array, start: number, end: number, endStream: boolean): void {
    this.session.sender.data(this, buf, start, end, endStream);
  }

  /** Sends trailers after everything queued, and ends our side. */
  sendTrailers(list: HeaderList): void {
    this.session.sender.trailers(this, list);
  }

  /** Ends the stream at once with RST_STREAM; queued bytes are dropped and the handler hears nothing more. */
  reset(code: number): void {
    this.session.resetStream(this, code);
  }

  /** Gives the peer back so many bytes of the stream's window: they have been passed on. */
  consume(bytes: number): void {
    this.session.consume(this, bytes);
  }
}
