import type { ReplicaStream } from '../southbound/replica-stream.js';
import type { Request } from './request.js';

/**
 * Drops replicas that have not taken a byte of a request for `limitMs` although request bytes wait for them, while another
 * one does better: they must not hold the client up. Returns how many.
 */
export function dropStalled(request: Request, nowMs: number, limitMs: number): number {
  if (request.openLegs < 2) return 0;
  let dropped = 0;
  for (const leg of request.legs) {
    if (leg.state !== 'open') continue;
    if (leg.queuedBytes === 0 || leg.taken !== leg.watchedTaken) {
      leg.watchedTaken = leg.taken;
      leg.stalledSince = 0;
    } else if (leg.stalledSince === 0) {
      leg.stalledSince = nowMs;
    } else if (nowMs - leg.stalledSince >= limitMs && request.openLegs > 1 && isBehind(leg)) {
      leg.drop(`connection ${leg.connection.name} took no request bytes for ${limitMs} ms`);
      dropped++;
    }
  }
  return dropped;
}

function isBehind(leg: ReplicaStream): boolean {
  return leg.request.legs.some((other) => other.state === 'open' && other.taken > leg.taken);
}
