import { HeaderField, Indexing } from '../../src/http2/hpack/header-field.js';
import { HeaderList } from '../../src/http2/hpack/header-list.js';
import { ServerSession, type ServerSessionOwner } from '../../src/http2/session/server-session.js';
import type { Stream } from '../../src/http2/stream/stream.js';
import { largeChunks, smallChunks } from '../chunks.js';
import type { Target } from '../target.js';
import { MemorySocket } from './memory-socket.js';
import { sessionContext, sessionOptions } from './session-setup.js';
import { drive, Watch, WatchedHandler } from './watched-session.js';

const headers = new HeaderList([
  new HeaderField(':status', '200', Indexing.repeated),
  new HeaderField('content-type', 'application/grpc', Indexing.repeated),
]);
const trailers = new HeaderList([new HeaderField('grpc-status', '0', Indexing.repeated)]);
/** More than a stream's first window. */
const LONG_ANSWER = Buffer.alloc(100_000, 0x61);

/** Answers in one of four ways, by the id of its stream: echo, a long answer at once, reset at the first DATA, at the end only. */
class Answer extends WatchedHandler {
  private readonly way: number;

  constructor(watch: Watch, stream: Stream) {
    super(watch);
    this.stream = stream;
    this.way = (stream.id >>> 1) & 3;
  }

  begin(endStream: boolean): void {
    const stream = this.stream!;
    this.cameWithHeaders(endStream);
    if (this.way !== 3) stream.sendHeaders(headers, undefined, false);
    if (this.way === 1) this.send(stream, LONG_ANSWER, 0, LONG_ANSWER.length, false);
    if (endStream) this.ended();
  }

  protected override dataCame(buf: Buffer, start: number, end: number, endStream: boolean): void {
    const stream = this.stream!;
    if (this.way === 2) {
      this.giveUp(stream, 8);
      return;
    }
    if (this.way === 0) this.send(stream, buf, start, end, false);
    stream.consume(end - start);
    if (endStream) this.ended();
  }

  protected override headersCame(): void {}

  protected override ended(): void {
    const stream = this.stream!;
    if (this.way === 3) stream.sendHeaders(headers, undefined, false);
    stream.sendTrailers(trailers);
  }
}

class Owner extends Watch implements ServerSessionOwner {
  onStream(stream: Stream, _list: HeaderList, endStream: boolean): void {
    const answer = new Answer(this, stream);
    stream.handler = answer;
    answer.begin(endStream);
  }

  onOversizedHeaders(stream: Stream): void {
    this.events.add('oversized');
    stream.sendHeaders(headers, undefined, true);
    stream.reset(0);
  }
}

/** The northbound side: any client's bytes. */
export const serverTarget: Target = {
  name: 'server',
  corpus: 'from-clients',
  framed: true,
  start() {
    const context = sessionContext();
    const run = (input: readonly Buffer[], slow: boolean): Promise<string> => {
      const socket = new MemorySocket(slow);
      const options = sessionOptions();
      const owner = new Owner();
      const session = new ServerSession(socket, context, options, owner);
      return drive(session, socket, owner, options, input, false);
    };
    return async (input) => `${await run(largeChunks(input), false)} | ${await run(smallChunks(input), true)}`;
  },
};
