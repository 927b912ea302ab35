import type { HeaderList } from '../../../http2/hpack/header-list.js';
import type { ReplicaStream } from '../../southbound/replica-stream.js';

/**
 * Turns the replicas' answers into the one answer that the client gets (behaviour.md, "Responses"). A leg's events come in
 * the order headers, data…, and then exactly one of trailers, declined or lost; afterwards nothing. The leg's state is
 * already changed when one of the last three is called.
 */
export interface ResponseRule {
  onHeaders(leg: ReplicaStream, list: HeaderList): void;
  /** @param boundary position after the last message that ends in the range, or -1 */
  onData(leg: ReplicaStream, buf: Buffer, start: number, end: number, boundary: number): void;
  /** The replica's answer is complete. `trailersOnly`: there were no headers before. */
  onTrailers(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void;
  /** The replica said `transaction-not-acquired`. */
  onDeclined(leg: ReplicaStream, list: HeaderList, trailersOnly: boolean): void;
  onLost(leg: ReplicaStream): void;
  /** The client has taken so many bytes of what was forwarded. */
  onCredit(bytes: number): void;
}
