import type { HeaderList } from '../../src/http2/hpack/header-list.js';
import type { ClientSession } from '../../src/http2/session/client-session.js';
import type { Stream, StreamHandler } from '../../src/http2/stream/stream.js';
import { messageOf } from '../message.js';
import { Dialler } from './connections.js';
import { plainHeaders } from './request-headers.js';
import type { LoadResult, Streaming } from './spec.js';
import { Tally } from './tally.js';
import { seconds } from './timing.js';

const MESSAGE = messageOf(10 * 1024);
/** Messages of one `Converse` stream that are on their way there or back. */
const IN_FLIGHT = 8;

/** Streams of messages; what counts is the bytes that come back. */
export async function streaming(spec: Streaming): Promise<LoadResult> {
  const tally = new Tally();
  const sessions = await new Dialler(spec).all();
  for (const session of sessions) {
    for (let i = 0; i < spec.streams; i++) new MessageStream(session, spec.method, tally);
  }
  await seconds(spec.warmUpSeconds);
  tally.begin();
  await seconds(spec.seconds);
  return tally.result();
}

class MessageStream implements StreamHandler {
  private readonly stream: Stream;
  private readonly tally: Tally;
  private readonly converse: boolean;
  /** Bytes that came and were not answered with a message yet. */
  private unanswered = 0;

  constructor(session: ClientSession, method: Streaming['method'], tally: Tally) {
    this.tally = tally;
    this.converse = method === 'Converse';
    this.stream = session.open(this, plainHeaders(method), undefined, false);
    const messages = this.converse ? IN_FLIGHT : 1;
    for (let i = 0; i < messages; i++) this.stream.sendData(MESSAGE, 0, MESSAGE.length, !this.converse);
  }

  onHeaders(list: HeaderList, endStream: boolean): void {
    if (endStream) this.onTrailers(list);
  }

  onData(_buf: Buffer, start: number, end: number): void {
    const length = end - start;
    this.tally.bytes(length);
    this.stream.consume(length);
    if (!this.converse) return;
    for (this.unanswered += length; this.unanswered >= MESSAGE.length; this.unanswered -= MESSAGE.length) {
      this.stream.sendData(MESSAGE, 0, MESSAGE.length, false);
    }
  }

  onTrailers(list: HeaderList): void {
    throw new Error(`a stream ended: grpc-status ${list.get('grpc-status')}, ${list.get('grpc-message') ?? ''}`);
  }

  onReset(code: number): void {
    throw new Error(`a stream was reset, code ${code}`);
  }

  onSent(): void {}
}
