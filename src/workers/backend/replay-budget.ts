/** Request bytes that all calls of one worker thread keep together: each call's share is bounded, and this bounds their sum. */
export class ReplayBudget {
  private readonly max: number;
  /** Bytes kept now. */
  bytes = 0;

  /** @param max bytes */
  constructor(max: number) {
    this.max = max;
  }

  /** Takes so many bytes; false when that would pass the limit, and then takes none. */
  take(bytes: number): boolean {
    if (this.bytes + bytes > this.max) return false;
    this.bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.bytes -= bytes;
  }
}
