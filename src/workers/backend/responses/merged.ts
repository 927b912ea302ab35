import { without } from '../../../grpc/metadata.js';
import type { HeaderList } from '../../../http2/hpack/header-list.js';
import type { ReplicaStream } from '../../southbound/replica-stream.js';
import type { Request } from '../request.js';
import { NoAnswer } from './no-answer.js';
import type { ResponseRule } from './response-rule.js';

/** One replica's part in a merged stream. */
class Source {
  readonly leg: ReplicaStream;
  /** Bytes forwarded to the client and not yet taken by it. */
  outstanding = 0;
  /** Bytes of the incomplete message for which the replica already has its window back. */
  advanced = 0;

  constructor(leg: ReplicaStream) {
    this.leg = leg;
  }
}

/**
 * Any → stream: every replica's messages are forwarded as they come, whole messages interleaved; headers once, from the
 * first; the call ends when the last stream ends, with the last status that is an answer.
 *
 * A message is held back until it is whole, so a replica that stalls or is lost in the middle of one disturbs nobody. To
 * become whole, a message longer than the window needs window in advance: it gets it only while the client owes nothing for
 * this replica, so a slow client holds at most a window and one message of each.
 */
export class Merged implements ResponseRule {
  private readonly request: Request;
  /** Of the replicas that have sent messages and can send more. */
  private sources: Source[] = [];
  /** Who sent what the client has not taken yet, oldest first: credit belongs to them in this order. */
  private readonly owed: { readonly source: Source; bytes: number; readonly givenBack: boolean }[] = [];
  private owedHead = 0;
  private readonly none = new NoAnswer();
  private answer: HeaderList | null = null;
  private answerBy: ReplicaStream | null = null;
  private answerTrailersOnly = false;

  constructor(request: Request) {
    this.request = request;
  }

  private source(leg: ReplicaStream): Source {
    for (const source of this.sources) if (source.leg === leg) return source;
    const source = new Source(leg);
    this.sources.push(source);
    return source;
  }

  onHeaders(leg: ReplicaStream, list: HeaderList): void {
    leg.held.headers = list;
    if (!this.request.headersSent) {
      // The first replica's content-length is not that of all their messages.
      this.request.forwardHeaders(leg, without(list, 'content-length'));
    }
  }

  onData(leg: ReplicaStream, buf: Buffer, start: number, end: number, boundary: number): void {
    const source = this.source(leg);
    if (boundary < 0) {
      leg.held.add(buf, start, end);
    } else {
      const forwarded = leg.held.bytes + boundary - start;
      for (const range of leg.held.take()) this.request.forwardData(range.buf, range.start, range.end);
      this.request.forwardData(buf, start, boundary);
      this.owe(source, forwarded);
      if (boundary < end) leg.held.add(buf, boundary, end);
    }
    this.advance(source);
  }

  private owe(source: Source, forwarded: number): void {
    // The client's credit will count every byte forwarded; for those given back in advance the replica has its window.
    const { advanced } = source;
    source.advanced = 0;
    if (advanced > 0) this.enter(source, advanced, true);
    if (forwarded > advanced) this.enter(source, forwarded - advanced, false);
    source.outstanding += forwarded;
  }

  /** What one replica sent in a row is one entry: tiny messages must not make a list longer than themselves. */
  private enter(source: Source, bytes: number, givenBack: boolean): void {
    const last = this.owed.at(-1);
    if (last !== undefined && last.source === source && last.givenBack === givenBack && last.bytes > 0)
      last.bytes += bytes;
    else this.owed.push({ source, bytes, givenBack });
  }

  /** Gives window for the rest of an incomplete message, when that is what everyone waits for. */
  private advance(source: Source): void {
    // Under a credit step nothing may ever come back: that much can be held by the port for ever.
    if (source.outstanding >= this.request.backend.context.creditStep || source.leg.betweenMessages) return;
    const bytes = source.leg.held.bytes - source.advanced;
    if (bytes <= 0) return;
    source.advanced += bytes;
    source.leg.consume(bytes);
  }

  onCredit(bytes: number): void {
    while (bytes > 0 && this.owedHead < this.owed.length) {
      const entry = this.owed[this.owedHead]!;
      const n = Math.min(bytes, entry.bytes);
      entry.bytes -= n;
      bytes -= n;
      if (entry.bytes === 0) this.owedHead++;
      entry.source.outstanding -= n;
      if (!entry.givenBack) entry.source.leg.consume(n);
      this.advance(entry.source);
    }
    if (this.owedHead === this.owed.length || this.owedHead > 1024) {
      this.owed.splice(0, this.owedHead);
      this.owedHead = 0;
    }
  }

  onTrailers(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void {
    this.answer = list;
    this.answerBy = leg;
    this.answerTrailersOnly = trailersOnly;
    this.settleIfNoneLeft(leg);
  }

  onDeclined(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void {
    this.none.addDeclined(leg, list, trailersOnly);
    this.settleIfNoneLeft(leg);
  }

  onLost(leg: ReplicaStream): void {
    this.none.addLost(leg);
    this.settleIfNoneLeft(leg);
  }

  private settleIfNoneLeft(ended: ReplicaStream): void {
    // Half a message of a stream that ended is of no use to anyone.
    ended.held.clear();
    this.sources = this.sources.filter(({ leg }) => leg !== ended);
    if (this.request.openLegs > 0) return;
    if (this.answer !== null) this.request.forwardTrailers(this.answerBy!, this.answer, this.answerTrailersOnly);
    else this.none.settle(this.request);
  }
}
