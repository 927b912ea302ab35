/** What is asked of all legs of one request. */
import type { Connection } from '../southbound/connection.js';
import type { ReplicaStream } from '../southbound/replica-stream.js';

/** How much of the request the slowest live replica has taken, in bytes; `received` where none is behind. */
export function slowestTaken(legs: readonly ReplicaStream[], received: number): number {
  let slowest = received;
  for (let i = 0; i < legs.length; i++) {
    const leg = legs[i]!;
    if (leg.state === 'open' && leg.taken < slowest) slowest = leg.taken;
  }
  return slowest;
}

/** Whether the replica at the other end of `connection` has a leg that lives or has spoken. A lost one counts as none. */
export function hasLegOn(legs: readonly ReplicaStream[], connection: Connection): boolean {
  for (const leg of legs) {
    const same = leg.connection === connection && (leg.epoch === connection.epoch || leg.isWaiting);
    if (same && leg.state !== 'lost') return true;
  }
  return false;
}

/** Takes the lost leg on `connection` out: a replica that comes and goes for days must not leave one behind each time. */
export function forgetLost(legs: ReplicaStream[], connection: Connection): void {
  const lost = legs.findIndex((leg) => leg.connection === connection && leg.state === 'lost');
  if (lost >= 0) legs.splice(lost, 1);
}

/** Whether every replica has taken its stream on, so that none of them has to be sent again. */
export function allAccepted(legs: readonly ReplicaStream[]): boolean {
  return legs.every(isAccepted);
}

function isAccepted(leg: ReplicaStream): boolean {
  return leg.isAccepted;
}
