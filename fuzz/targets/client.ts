import { HeaderField, Indexing } from '../../src/http2/hpack/header-field.js';
import { HeaderList } from '../../src/http2/hpack/header-list.js';
import { ClientSession, type ClientSessionOwner } from '../../src/http2/session/client-session.js';
import { largeChunks, smallChunks } from '../chunks.js';
import type { Target } from '../target.js';
import { MemorySocket } from './memory-socket.js';
import { sessionContext, sessionOptions } from './session-setup.js';
import { drive, Watch, WatchedHandler } from './watched-session.js';

const request = new HeaderList(
  [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/afrouter.test.Echo/Both'],
    [':authority', 'localhost'],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
  ].map(([name, value]) => new HeaderField(name!, value!, Indexing.repeated)),
);
/** Streams opened at first and in all: each that ends makes room for another. */
const FIRST_STREAMS = 6;
const ALL_STREAMS = 40;
/** More than a stream's first window. */
const LONG_BODY = Buffer.alloc(100_000, 0x62);

/** A request that sends, by the number of its stream: nothing, a short body, a long one, or a long one and never an end. */
class Request extends WatchedHandler {
  private readonly owner: Owner;

  constructor(owner: Owner) {
    super(owner);
    this.owner = owner;
  }

  begin(session: ClientSession, number: number): void {
    const way = number & 3;
    const stream = session.open(this, request, undefined, way === 0);
    this.stream = stream;
    if (way === 1) this.send(stream, LONG_BODY, 0, 100, true);
    if (way >= 2) this.send(stream, LONG_BODY, 0, LONG_BODY.length, way === 2);
  }

  protected override headersCame(endStream: boolean): void {
    if (endStream) this.ended();
  }

  protected override dataCame(_buf: Buffer, start: number, end: number, endStream: boolean): void {
    this.stream!.consume(end - start);
    if (endStream) this.ended();
  }

  protected override ended(): void {
    // As a gRPC client does when the answer is there before the request has ended.
    if (this.stream!.open) this.giveUp(this.stream!, 0);
    this.owner.openMore();
  }

  override onReset(code: number, cause: number): void {
    super.onReset(code, cause);
    this.owner.openMore();
  }
}

class Owner extends Watch implements ClientSessionOwner {
  session: ClientSession | null = null;
  private opened = 0;

  openMore(most = ALL_STREAMS): void {
    const { session } = this;
    if (session === null || this.opened >= most || !session.canOpen || session.retired) return;
    new Request(this).begin(session, this.opened++);
  }

  onStreamSlot(): void {
    this.events.add('slot');
    this.openMore();
  }
}

/** The southbound side: any backend's bytes. */
export const clientTarget: Target = {
  name: 'client',
  corpus: 'from-servers',
  framed: true,
  start() {
    const context = sessionContext();
    const run = (input: readonly Buffer[], slow: boolean): Promise<string> => {
      const socket = new MemorySocket(slow);
      const options = sessionOptions();
      const owner = new Owner();
      const session = new ClientSession(socket, context, options, owner);
      owner.session = session;
      for (let i = 0; i < FIRST_STREAMS; i++) owner.openMore(FIRST_STREAMS);
      return drive(session, socket, owner, options, input, true);
    };
    return async (input) => `${await run(largeChunks(input), false)} | ${await run(smallChunks(input), true)}`;
  },
};
