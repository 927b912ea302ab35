import type { ReplicaStream } from '../southbound/replica-stream.js';

/** What one backend counts in its worker; snapshots carry it to the main thread. Plain numbers, counted where it happens. */
export interface BackendCounters {
  /** Legs whose answer, or a part of a merged one, went to the client. */
  legsActive: number;
  /** Legs that were not needed: another answer was taken. */
  legsDiscarded: number;
  /** Legs that said `transaction-not-acquired`. */
  legsDeclined: number;
  /** Legs lost to a transport failure, a malformed answer or a stall. */
  legsLost: number;
  /** Legs that ended with the client's call. */
  legsCancelled: number;
  /** Legs dropped because they took no request bytes for too long (also in `legsLost`). */
  legsStalled: number;
  /** Legs sent again because their replica had not processed them. */
  legsResent: number;
  /** Late legs opened for requests in progress. */
  catchUps: number;
  /** Late legs not opened because the backlog had outgrown its limit. */
  catchUpsRefused: number;
  /** Requests whose backlog outgrew its limit. */
  replayOverflows: number;
}

/** All zero. */
export function newBackendCounters(): BackendCounters {
  return {
    legsActive: 0,
    legsDiscarded: 0,
    legsDeclined: 0,
    legsLost: 0,
    legsCancelled: 0,
    legsStalled: 0,
    legsResent: 0,
    catchUps: 0,
    catchUpsRefused: 0,
    replayOverflows: 0,
  };
}

/**
 * Counts a leg that has ended. An answer that comes while the request runs is counted when it is known whose is taken, by
 * {@link countAnswers}.
 * @param settled the request is over
 */
export function countEndedLeg(counters: BackendCounters, { state }: ReplicaStream, settled: boolean): void {
  if (state === 'lost') counters.legsLost++;
  else if (state === 'declined') counters.legsDeclined++;
  else if (settled) counters.legsDiscarded++;
  else if (state === 'cancelled') counters.legsCancelled++;
}

/**
 * Counts the answers that a request has had when it ends.
 * @param taken the leg whose answer is the client's; null when the request failed or was cancelled
 * @param merged the others' messages are part of the answer
 */
export function countAnswers(
  counters: BackendCounters,
  legs: readonly ReplicaStream[],
  taken: ReplicaStream | null,
  merged: boolean,
): void {
  for (const leg of legs) {
    if (leg.state !== 'answered') continue;
    if (taken === null) counters.legsCancelled++;
    else if (leg === taken || merged) counters.legsActive++;
    else counters.legsDiscarded++;
  }
}
