import { RpcError } from '../../../grpc/rpc-error.js';
import { Status } from '../../../grpc/status-code.js';
import type { HeaderList } from '../../../http2/hpack/header-list.js';
import type { ReplicaStream } from '../../southbound/replica-stream.js';
import type { Request } from '../request.js';
import { NoAnswer } from './no-answer.js';
import type { ResponseRule } from './response-rule.js';

/**
 * Stream → unary: each replica's answer is held back, and the last stream to end gives its answer. (A replica that is lost
 * or declines gives none; then the last that did counts.) A held answer may be one message of the size limit, and its window
 * is given back as it arrives, for it must become whole.
 */
export class LastToEnd implements ResponseRule {
  private readonly request: Request;
  private readonly maxMessageBytes: number;
  private readonly none = new NoAnswer();
  private answerBy: ReplicaStream | null = null;
  private answer: HeaderList | null = null;
  private answerTrailersOnly = false;

  constructor(request: Request, maxMessageBytes: number) {
    this.request = request;
    this.maxMessageBytes = maxMessageBytes;
  }

  onHeaders(leg: ReplicaStream, list: HeaderList): void {
    leg.held.headers = list;
  }

  onData(leg: ReplicaStream, buf: Buffer, start: number, end: number): void {
    leg.held.add(buf, start, end);
    if (leg.held.bytes > this.maxMessageBytes + MESSAGE_OVERHEAD) {
      const { name } = leg.connection;
      leg.reject(
        new RpcError(Status.RESOURCE_EXHAUSTED, `connection ${name} sent an answer over ${this.maxMessageBytes} bytes`),
      );
      return;
    }
    leg.consume(end - start);
  }

  onTrailers(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void {
    this.answerBy?.held.clear();
    this.answerBy = leg;
    this.answer = list;
    this.answerTrailersOnly = trailersOnly;
    this.settleIfNoneLeft();
  }

  onDeclined(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void {
    leg.held.clear();
    this.none.addDeclined(leg, list, trailersOnly);
    this.settleIfNoneLeft();
  }

  onLost(leg: ReplicaStream): void {
    leg.held.clear();
    this.none.addLost(leg);
    this.settleIfNoneLeft();
  }

  private settleIfNoneLeft(): void {
    if (this.request.openLegs > 0) return;
    const { answerBy } = this;
    if (answerBy === null) {
      this.none.settle(this.request);
      return;
    }
    if (!this.answerTrailersOnly) {
      this.request.forwardHeaders(answerBy, answerBy.held.headers!);
      for (const { buf, start, end } of answerBy.held.take()) this.request.forwardData(buf, start, end);
    }
    this.request.forwardTrailers(answerBy, this.answer!, this.answerTrailersOnly);
  }

  onCredit(): void {
    // Nothing is owed: the window was given back when the answer was held.
  }
}

/** The prefix of one message. */
const MESSAGE_OVERHEAD = 5;
