/**
 * Bytes of first messages that are held until they are routed or taken, over all calls of the process. Each call's share is
 * bounded by the message limit; this bounds their sum, which many clients together could otherwise grow without end.
 */
export class HeldBudget {
  /** Most bytes held at once. */
  readonly max: number;
  /** Bytes held now. */
  num = 0;
  /** Calls refused because of it. */
  refused = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** Takes so many bytes; false when that would pass the limit, and then takes none. */
  take(bytes: number): boolean {
    if (this.num + bytes > this.max) {
      this.refused++;
      return false;
    }
    this.num += bytes;
    return true;
  }

  give(bytes: number): void {
    this.num -= bytes;
  }
}
