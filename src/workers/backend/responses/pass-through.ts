import type { HeaderList } from '../../../http2/hpack/header-list.js';
import type { ReplicaStream } from '../../southbound/replica-stream.js';
import type { Request } from '../request.js';
import type { ResponseRule } from './response-rule.js';

/**
 * One leg for ever (a backend of type `server`, a source route to one connection): bytes pass untouched, messages are not
 * even delimited. A late replica can never arrive, so nothing has to be whole.
 */
export class PassThrough implements ResponseRule {
  private readonly request: Request;

  constructor(request: Request) {
    this.request = request;
  }

  onHeaders(leg: ReplicaStream, list: HeaderList): void {
    this.request.forwardHeaders(leg, list);
  }

  onData(_leg: ReplicaStream, buf: Buffer, start: number, end: number): void {
    this.request.forwardData(buf, start, end);
  }

  onTrailers(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void {
    this.request.forwardTrailers(leg, list, trailersOnly);
  }

  onDeclined(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void {
    this.request.forwardTrailers(leg, list, trailersOnly);
  }

  onLost(leg: ReplicaStream): void {
    this.request.fail(leg.lostStatus, leg.lostReason);
  }

  onCredit(bytes: number): void {
    this.request.legs[0]!.consume(bytes);
  }
}
