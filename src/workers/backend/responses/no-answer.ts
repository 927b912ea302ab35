import type { HeaderList } from '../../../http2/hpack/header-list.js';
import type { ReplicaStream } from '../../southbound/replica-stream.js';
import type { Request } from '../request.js';

/**
 * What a request has come to when no replica answered: kept while others may still answer, used when none is left.
 *
 * If every replica said `transaction-not-acquired`, that is the answer. If one was lost, it may have been the one that
 * acquired the transaction: then nobody knows, and the answer is UNAVAILABLE (or what the loss itself says).
 */
export class NoAnswer {
  private declinedBy: ReplicaStream | null = null;
  private declined: HeaderList | null = null;
  private declinedTrailersOnly = false;
  private lost: ReplicaStream | null = null;

  addDeclined(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void {
    this.declinedBy = leg;
    this.declined = list;
    this.declinedTrailersOnly = trailersOnly;
  }

  addLost(leg: ReplicaStream): void {
    this.lost = leg;
  }

  /** Ends the request with the failure that fits. */
  settle(request: Request): void {
    if (this.lost !== null) request.fail(this.lost.lostStatus, this.lost.lostReason);
    else if (this.declined !== null)
      request.forwardTrailers(this.declinedBy!, this.declined, this.declinedTrailersOnly);
  }
}
