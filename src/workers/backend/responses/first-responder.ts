import type { HeaderList } from '../../../http2/hpack/header-list.js';
import type { ReplicaStream } from '../../southbound/replica-stream.js';
import type { Request } from '../request.js';
import { NoAnswer } from './no-answer.js';
import type { ResponseRule } from './response-rule.js';

/**
 * Unary → unary: the first replica to answer becomes the active one, and only its answer is forwarded. An answer counts
 * when it is whole, so that a replica which is lost, or declines after its headers, is simply not the one. An answer
 * larger than half a window cannot be waited for without giving the replica more window, that is memory: it becomes the
 * active one at that size, and if it is lost then, the call fails.
 */
export class FirstResponder implements ResponseRule {
  private readonly request: Request;
  private readonly commitBytes: number;
  private readonly none = new NoAnswer();
  private active: ReplicaStream | null = null;

  constructor(request: Request, streamWindow: number) {
    this.request = request;
    this.commitBytes = streamWindow >>> 1;
  }

  onHeaders(leg: ReplicaStream, list: HeaderList): void {
    if (this.active === null) leg.held.headers = list;
  }

  onData(leg: ReplicaStream, buf: Buffer, start: number, end: number): void {
    if (this.active === leg) {
      this.request.forwardData(buf, start, end);
      return;
    }
    if (this.active !== null) {
      // Read and discarded: its window opens at once, so that it can finish.
      leg.consume(end - start);
      return;
    }
    leg.held.add(buf, start, end);
    if (leg.held.bytes > this.commitBytes) this.commit(leg);
  }

  onTrailers(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void {
    if (this.active !== null && this.active !== leg) return;
    if (this.active === null && !trailersOnly) this.commit(leg);
    this.active = leg;
    this.request.forwardTrailers(leg, list, trailersOnly);
  }

  onDeclined(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void {
    if (this.active === leg) {
      // It has been forwarded too far to take back: its status is the call's.
      this.request.forwardTrailers(leg, list, trailersOnly);
      return;
    }
    this.none.addDeclined(leg, list, trailersOnly);
    this.settleIfNoneLeft();
  }

  onLost(leg: ReplicaStream): void {
    if (this.active === leg) {
      this.request.fail(leg.lostStatus, leg.lostReason);
      return;
    }
    this.none.addLost(leg);
    this.settleIfNoneLeft();
  }

  private settleIfNoneLeft(): void {
    if (this.active === null && this.request.openLegs === 0) this.none.settle(this.request);
  }

  /** This one it is: what it said so far goes out, what the others said is dropped. */
  private commit(leg: ReplicaStream): void {
    this.active = leg;
    this.request.forwardHeaders(leg, leg.held.headers!);
    for (const { buf, start, end } of leg.held.take()) this.request.forwardData(buf, start, end);
    for (const other of this.request.legs) {
      if (other === leg) continue;
      other.consume(other.held.bytes);
      other.held.clear();
    }
  }

  onCredit(bytes: number): void {
    this.active?.consume(bytes);
  }
}
