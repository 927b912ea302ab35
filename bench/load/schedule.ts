/**
 * When the calls of an open loop are due: at a fixed rate, in the small groups that arrive together at each tick. So no call is
 * ever due between two ticks, where the generator sleeps, and its sleep is in no latency. Times are microseconds from the start.
 */
export class Schedule {
  private readonly microsPerCall: number;
  private readonly tickMicros: number;

  constructor(callsPerSecond: number, tickMicros: number) {
    this.microsPerCall = 1e6 / callsPerSecond;
    this.tickMicros = tickMicros;
  }

  /** When call `i` (from 0) is due: at the first tick that is not before its turn. */
  intendedAt(i: number): number {
    // Divisions leave dust: without the subtraction a call that falls on a tick might slip to the next.
    const tick = Math.ceil((i * this.microsPerCall) / this.tickMicros - 1e-9);
    return i === 0 ? 0 : tick * this.tickMicros;
  }

  /** How many calls are due up to and including `now`. */
  dueBy(now: number): number {
    if (now < 0) return 0;
    const tick = Math.floor(now / this.tickMicros) * this.tickMicros;
    return Math.floor(tick / this.microsPerCall + 1e-9) + 1;
  }
}
