/**
 * Numbers calls on one port: a slot that is used again, and a generation that is not, so that records which were on their
 * way when a call ended can never reach the call that took its slot. Main allots them; a worker only looks calls up.
 *
 * Slots are dense (lookup is an array access on the hot path); generations count to 2^32 and wrap.
 */
export class CallNumbers<Call extends { readonly slot: number; readonly generation: number }> {
  private readonly calls: (Call | undefined)[] = [];
  private readonly freeSlots: number[] = [];
  private nextGeneration = 1;
  /** Calls under way. */
  count = 0;

  /** Takes a slot; the caller makes its call with it and {@link allotGeneration}, then {@link put}s it. */
  allotSlot(): number {
    return this.freeSlots.pop() ?? this.calls.length;
  }

  allotGeneration(): number {
    const generation = this.nextGeneration;
    this.nextGeneration = (generation + 1) | 0;
    return generation;
  }

  put(call: Call): void {
    this.calls[call.slot] = call;
    this.count++;
  }

  /** The call with that number, or undefined when it is over. */
  get(slot: number, generation: number): Call | undefined {
    const call = this.calls[slot];
    return call !== undefined && call.generation === generation ? call : undefined;
  }

  /** Frees the call's slot, if it is still the call's. Only the side that allots keeps slots for reuse. */
  remove(call: Call): boolean {
    if (this.calls[call.slot] !== call) return false;
    this.calls[call.slot] = undefined;
    this.freeSlots.push(call.slot);
    this.count--;
    return true;
  }

  /** Puts `heir`, which has the same number, in the place of a call. Returns false when the call is over. */
  replace(call: Call, heir: Call): boolean {
    if (this.calls[call.slot] !== call) return false;
    this.calls[call.slot] = heir;
    return true;
  }

  /** Every call under way. */
  *[Symbol.iterator](): Iterator<Call> {
    for (const call of this.calls) if (call !== undefined) yield call;
  }
}
