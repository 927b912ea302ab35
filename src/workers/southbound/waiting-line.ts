import type { ReplicaStream } from './replica-stream.js';

/**
 * The legs that a connection cannot send now: the peer's SETTINGS_MAX_CONCURRENT_STREAMS does not let them in, or its
 * session is over and the next one is not there yet. The second takes a bounded time, for the replica may be gone for good.
 */
export class WaitingLine {
  /** In the order in which they came. */
  readonly legs = new Set<ReplicaStream>();
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
    const stranded = [...this.legs];
    this.legs.clear();
    for (const leg of stranded) leg.turnedAway(why);
  }
}
