import type { ReplicaStream } from './replica-stream.js';

/** The line is made anew when it has so many more gaps than legs. */
const GAPS = 1024;

/**
 * The legs that a connection cannot send now: the peer's SETTINGS_MAX_CONCURRENT_STREAMS does not let them in, or its
 * session is over and the next one is not there yet. The second takes a bounded time, for the replica may be gone for good.
 */
export class WaitingLine {
  /** In the order in which they came; who left leaves a gap. Not a Set: see `StreamTable`. */
  private legs: (ReplicaStream | undefined)[] = [];
  private head = 0;
  /** Legs in the line. */
  count = 0;
  private readonly waitMs: number;
  private readonly onGivenUp: () => void;
  private timer: NodeJS.Timeout | null = null;
  private inOrder = false;

  /**
   * @param waitMs how long the next session is waited for; 0 = not at all
   * @param onGivenUp it was waited for in vain, and the legs have been told
   */
  constructor(waitMs: number, onGivenUp: () => void) {
    this.waitMs = waitMs;
    this.onGivenUp = onGivenUp;
  }

  add(leg: ReplicaStream): void {
    leg.place = this.legs.length;
    this.legs.push(leg);
    this.count++;
  }

  /** A leg leaves the line. Nothing happens where it has been sent away already, with all others. */
  remove(leg: ReplicaStream): void {
    if (this.legs[leg.place] !== leg) return;
    this.legs[leg.place] = undefined;
    this.count--;
    while (this.head < this.legs.length && this.legs[this.head] === undefined) this.head++;
    if (this.legs.length > 2 * this.count + GAPS) this.closeGaps();
  }

  private closeGaps(): void {
    this.legs = this.legs.filter((leg) => leg !== undefined);
    this.head = 0;
    for (const [place, leg] of this.legs.entries()) leg!.place = place;
  }

  /** Whose turn it is. */
  get first(): ReplicaStream | undefined {
    return this.legs[this.head];
  }

  /** True while the next session is waited for. */
  get awaitsSession(): boolean {
    return this.timer !== null;
  }

  /** True while it is, and the session before was taken leave of in order: new calls may stand in line, too. */
  get takesNew(): boolean {
    return this.timer !== null && this.inOrder;
  }

  /** A session is over, and the next one is waited for from now on. */
  awaitSession(inOrder: boolean): void {
    if (this.waitMs === 0) return;
    this.inOrder = inOrder;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.turnAway(`did not come back within ${this.waitMs} ms`);
      this.onGivenUp();
    }, this.waitMs);
  }

  /** The next session is there. */
  awaitNoLonger(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Nobody needs to wait any more. @param why what the connection did, for the clients */
  close(why: string): void {
    this.awaitNoLonger();
    this.turnAway(why);
  }

  /** Sends everybody away. @param why what the connection did, for the clients */
  turnAway(why: string): void {
    const stranded = this.legs;
    this.legs = [];
    this.head = 0;
    this.count = 0;
    for (const leg of stranded) leg?.turnedAway(why);
  }
}
