/** A leg whose answer nobody waits for. */
export interface LingeringLeg {
  /** When it is cancelled, ms of performance.now(). */
  readonly graceEndsAt: number;
  cancel(): void;
}

/**
 * Legs that may finish their work although their answer is not wanted. With replicas that is one for nearly every call, and it
 * usually ends within the same millisecond: a place in a set is a tenth of what a timer costs. Who overstays is found by the
 * sweep, so up to a second late.
 */
export class GracePeriods {
  private readonly legs = new Set<LingeringLeg>();

  add(leg: LingeringLeg): void {
    this.legs.add(leg);
  }

  /** It has ended. */
  delete(leg: LingeringLeg): void {
    this.legs.delete(leg);
  }

  /** Cancels those whose time is over. @param nowMs of performance.now() */
  sweep(nowMs: number): void {
    for (const leg of this.legs) if (nowMs >= leg.graceEndsAt) leg.cancel();
  }
}
