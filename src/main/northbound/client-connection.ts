import type { Socket } from 'node:net';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { Limit } from '../../http2/session/limit-counters.js';
import type { SessionContext, SessionOptions } from '../../http2/session/options.js';
import { ServerSession, type ServerSessionOwner } from '../../http2/session/server-session.js';
import type { Stream } from '../../http2/stream/stream.js';
import { Call } from './call.js';
import type { CallContext } from './call-context.js';
import { clientName } from './call-name.js';
import type { IdentityHeaders } from './identity-headers.js';
import { peerOf } from './peer-address.js';
import { rejectHttp } from './rescue.js';

/** Told when a connection has gone. */
export interface ClientConnectionOwner {
  connectionClosed(connection: ClientConnection): void;
  /** The client at `peer` met this limit for the first time on its connection. */
  limitHit(limit: Limit, peer: string, detail: string): void;
}

/** One accepted connection: an HTTP/2 session whose streams are calls. */
export class ClientConnection implements ServerSessionOwner {
  private readonly owner: ClientConnectionOwner;
  private readonly context: CallContext;
  /** What the client's verified certificate says; undefined = not known. */
  readonly identity: string | undefined;
  /** What its calls may say about identities; null when no listener passes any on. Changes with the configuration. */
  identityHeaders: IdentityHeaders | null = null;
  /** Counts the connections of its listener, from 1. */
  readonly number: number;
  readonly peer: string;
  private readonly session: ServerSession;

  constructor(
    socket: Socket,
    identity: string | undefined,
    owner: ClientConnectionOwner,
    context: CallContext,
    session: SessionContext,
    options: SessionOptions,
    number: number,
  ) {
    this.number = number;
    this.owner = owner;
    this.context = context;
    this.identity = identity;
    this.peer = peerOf(socket);
    this.session = new ServerSession(socket, session, options, this);
  }

  onReady(): void {
    const { name: client, peer } = this;
    this.context.log.debug({ event: 'client_connected', client, peer }, 'client connected');
  }

  onStream(stream: Stream, headers: HeaderList, endStream: boolean): void {
    const { identityHeaders } = this;
    const applied = identityHeaders === null ? headers : identityHeaders.apply(headers);
    const call = new Call(this, this.context, stream, applied);
    stream.handler = call;
    const { reporter } = this.context;
    if (reporter !== null) call.report = reporter.begin(call);
    call.begin(endStream);
  }

  /** The name of its listener. */
  get listener(): string {
    return this.context.listener;
  }

  /** See {@link clientName}. */
  get name(): string {
    return clientName(this.listener, this.number);
  }

  onOversizedHeaders(stream: Stream): void {
    this.context.counters.oversizedHeaders++;
    rejectHttp(stream, 431);
  }

  onGoaway(): void {
    // A client that says GOAWAY opens no more streams; those it has go on.
  }

  onLimit(limit: Limit, detail: string): void {
    this.owner.limitHit(limit, this.peer, detail);
  }

  onClose(reason: string): void {
    const { name: client, peer } = this;
    this.context.log.debug({ event: 'client_disconnected', client, peer, reason }, 'client disconnected');
    this.owner.connectionClosed(this);
  }

  /** Its streams, oldest first; of those that are calls the handler is a `Call`. */
  get streams(): Iterable<Stream> {
    return this.session.openStreams;
  }

  /** Sends the client away; the connection closes when its last call has ended. */
  drain(): void {
    this.session.drain();
  }

  /** Looks for what takes too long. @param now ms of performance.now() */
  sweep(now: number): void {
    this.session.sweep(now);
  }

  /** Ends it now; its calls are cancelled. */
  close(): void {
    this.session.close('shutting down');
  }
}
