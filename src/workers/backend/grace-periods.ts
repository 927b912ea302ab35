/** A leg whose answer nobody waits for. */
export interface LingeringLeg {
  /** When it is cancelled, ms of performance.now(). */
  readonly graceEndsAt: number;
  /** @internal its index among those that linger; set by GracePeriods */
  gracePlace: number;
  cancel(): void;
}

/**
 * Legs that may finish their work although their answer is not wanted. With replicas that is one for nearly every call, and it
 * usually ends within the same millisecond: a place in a list is a tenth of what a timer costs. Who overstays is found by the
 * sweep, so up to a second late.
 */
export class GracePeriods {
  /** Without gaps. Not a Set: what a Set that is always changing keeps alive is told in `StreamTable`. */
  private readonly legs: LingeringLeg[] = [];

  add(leg: LingeringLeg): void {
    leg.gracePlace = this.legs.length;
    this.legs.push(leg);
  }

  /** It has ended, and was {@link add}ed before. The last takes its place. */
  delete(leg: LingeringLeg): void {
    const { legs } = this;
    const last = legs.pop()!;
    if (last === leg) return;
    legs[leg.gracePlace] = last;
    last.gracePlace = leg.gracePlace;
  }

  /** Cancels those whose time is over. @param nowMs of performance.now() */
  sweep(nowMs: number): void {
    // Backwards: a leg that is cancelled leaves, and one that has been looked at takes its place.
    for (let i = this.legs.length - 1; i >= 0; i--) {
      const leg = this.legs[i];
      if (leg !== undefined && nowMs >= leg.graceEndsAt) leg.cancel();
    }
  }
}
