import type { HeaderList } from '../../src/http2/hpack/header-list.js';
import type { ClientSession } from '../../src/http2/session/client-session.js';
import type { Stream, StreamHandler } from '../../src/http2/stream/stream.js';
import type { RequestBodies } from './request-bodies.js';
import { now, type Tally } from './tally.js';

/** What all calls of a generator have in common. */
export interface CallSource {
  readonly tally: Tally;
  readonly bodies: RequestBodies;
  readonly nextHeaders: () => HeaderList;
}

/** Makes unary calls, one at a time; used again for the next. A call that fails ends the generator: a figure with failures is none. */
export abstract class UnaryCaller implements StreamHandler {
  private readonly source: CallSource;
  private intendedAt = 0;
  private stream: Stream | null = null;

  constructor(source: CallSource) {
    this.source = source;
  }

  /** @param intendedAt when the call was meant to begin, in microseconds of `now()` */
  protected start(session: ClientSession, intendedAt: number): void {
    const { bodies, nextHeaders } = this.source;
    this.intendedAt = intendedAt;
    const stream = session.open(this, nextHeaders(), undefined, false);
    this.stream = stream;
    const start = bodies.next();
    stream.sendData(bodies.bytes, start, start + bodies.length, true);
  }

  /** The answer is complete. */
  protected abstract done(end: number): void;

  onHeaders(list: HeaderList, endStream: boolean): void {
    if (list.get(':status') !== '200') throw new Error(`a call failed: HTTP status ${list.get(':status')}`);
    if (endStream) this.onTrailers(list);
  }

  onData(_buf: Buffer, start: number, end: number, endStream: boolean): void {
    this.source.tally.bytes(end - start);
    if (endStream) throw new Error('an answer without trailers');
    this.stream!.consume(end - start);
  }

  onTrailers(list: HeaderList): void {
    if (list.get('grpc-status') !== '0') {
      throw new Error(`a call failed: grpc-status ${list.get('grpc-status')}, ${list.get('grpc-message') ?? ''}`);
    }
    const end = now();
    this.source.tally.call(this.intendedAt, end);
    this.done(end);
  }

  onReset(code: number): void {
    throw new Error(`a call was reset, code ${code}`);
  }

  onSent(): void {}
}
