/** What {@link LineAllowance.take} answers when there is to be no line. */
export const NO_LINE = -1;

/**
 * How many lines of one kind may go to the log: what a peer can cause must not fill the disk. Those left out are counted, and
 * the next line says how many there were.
 */
export class LineAllowance {
  private readonly perSecond: number;
  private readonly atOnce: number;
  private lines: number;
  private filledAt: number;
  private leftOut = 0;

  /** @param perSecond lines for ever @param atOnce lines in a burst @param nowMs of the clock that `take` gets */
  constructor(perSecond: number, atOnce: number, nowMs: number) {
    this.perSecond = perSecond;
    this.atOnce = atOnce;
    this.lines = atOnce;
    this.filledAt = nowMs;
  }

  /** Asks for one line. Returns how many were left out since the last one, or {@link NO_LINE}. */
  take(nowMs: number): number {
    this.lines = Math.min(this.atOnce, this.lines + ((nowMs - this.filledAt) * this.perSecond) / 1000);
    this.filledAt = nowMs;
    if (this.lines < 1) {
      this.leftOut++;
      return NO_LINE;
    }
    this.lines--;
    const { leftOut } = this;
    this.leftOut = 0;
    return leftOut;
  }
}
