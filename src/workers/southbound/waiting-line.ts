import type { ReplicaStream } from './replica-stream.js';

/** Places of legs that have left are given back when so many are at the front of the line. */
const TRIMMED = 1024;

/**
 * The legs that a connection cannot send now: the peer's SETTINGS_MAX_CONCURRENT_STREAMS does not let them in, or its
 * session is over and the next one is not there yet. The second takes a bounded time, for the replica may be gone for good.
 */
export class WaitingLine {
  /** In the order in which they came; who left leaves a gap. Not a Set: see `StreamTable`. */
  private legs: (ReplicaStream | undefined)[] = [];
  private head = 0;
  /** Places given back: those of the legs in `legs` begin here. */
  private trimmed = 0;
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
    leg.place = this.trimmed + this.legs.length;
    this.legs.push(leg);
    this.count++;
  }

  /** A leg leaves the line. Nothing happens where it has been sent away already, with all others. */
  remove(leg: ReplicaStream): void {
    const at = leg.place - this.trimmed;
    if (this.legs[at] !== leg) return;
    this.legs[at] = undefined;
    this.count--;
    while (this.head < this.legs.length && this.legs[this.head] === undefined) this.head++;
    if (this.head < TRIMMED && this.count > 0) return;
    this.legs.splice(0, this.head);
    this.trimmed += this.head;
    this.head = 0;
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
    this.trimmed += stranded.length;
    this.legs = [];
    this.head = 0;
    this.count = 0;
    for (const leg of stranded) leg?.turnedAway(why);
  }
}
