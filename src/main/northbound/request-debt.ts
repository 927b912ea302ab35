import type { HeldBudget } from './held-budget.js';

/**
 * Request bytes that a backend's credit covers and that the client gets no window for: it has had it already, while its first
 * message was held, or never sent them. One object for the calls that have any.
 */
export class RequestDebt {
  private readonly budget: HeldBudget;
  /** Bytes for which the client has its window: credit for them goes to the held budget. */
  private held = 0;
  /** Bytes of appended fields, which the client never sent. */
  private added = 0;

  constructor(budget: HeldBudget) {
    this.budget = budget;
  }

  /** The client got window for bytes that are held. */
  hold(bytes: number): void {
    this.held += bytes;
  }

  /** So many bytes were added to what the client sent. */
  add(bytes: number): void {
    this.added += bytes;
  }

  /** The backend has taken so many bytes. Returns how many of them the client gets window for. */
  settle(bytes: number): number {
    const held = Math.min(this.held, bytes);
    this.held -= held;
    if (held > 0) this.budget.give(held);
    const added = Math.min(this.added, bytes - held);
    this.added -= added;
    return bytes - held - added;
  }

  /** The call is over. */
  release(): void {
    this.budget.give(this.held);
    this.held = 0;
  }
}
