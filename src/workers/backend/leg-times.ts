import { LegOutcome, type LegReport } from '../../port/leg-outcome.js';
import type { ReplicaStream } from '../southbound/replica-stream.js';
import type { Request } from './request.js';
import { Merged } from './responses/merged.js';

/** When the legs of one request began and ended, for a request whose legs main wants to know about. */
export class LegTimes {
  private readonly request: Request;
  /** In ms since the request was opened, by index in its `legs`; an end of -1 = not over. */
  private readonly begins: number[] = [];
  private readonly ends: number[] = [];

  constructor(request: Request) {
    this.request = request;
  }

  /** The request has opened its next leg. */
  opened(): void {
    this.begins.push(this.request.durationMs);
    this.ends.push(-1);
  }

  ended(leg: ReplicaStream): void {
    this.ends[this.request.legs.indexOf(leg)] = this.request.durationMs;
  }

  /**
   * The request is over for its client: tells main how its legs came out.
   * @param taken the leg whose answer is the client's; null when the request failed or was cancelled
   * @param last main hears nothing else of it
   */
  report(taken: ReplicaStream | null, last: boolean): void {
    const { slot, generation, legs, rule, durationMs, backend } = this.request;
    const reports = legs.map((leg, index): LegReport => {
      const end = this.ends[index]!;
      return {
        connection: leg.connection.index,
        outcome: outcomeOf(leg, taken, rule instanceof Merged),
        openedMs: this.begins[index]!,
        endedMs: end < 0 ? durationMs : end,
      };
    });
    backend.context.port.legs(slot, generation, reports, last);
  }
}

/** The same that `BackendCounters` counts, said when the request ends: nobody waits for a leg that is open then. */
function outcomeOf(leg: ReplicaStream, taken: ReplicaStream | null, merged: boolean): LegOutcome {
  if (leg.state === 'lost') return LegOutcome.lost;
  if (leg.state === 'declined') return LegOutcome.declined;
  if (leg === taken) return LegOutcome.active;
  if (taken === null || leg.state === 'cancelled') return LegOutcome.cancelled;
  return merged && leg.state === 'answered' ? LegOutcome.active : LegOutcome.discarded;
}
