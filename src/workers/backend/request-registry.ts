import type { Request } from './request.js';

/** The requests of one worker by call number. Main allots the numbers ({@link ../../port/call-numbers.ts}). */
export class RequestRegistry {
  private readonly requests: (Request | undefined)[] = [];
  count = 0;

  put(request: Request): void {
    if (this.requests[request.slot] === undefined) this.count++;
    this.requests[request.slot] = request;
  }

  /** The request with that number, or undefined when it is over. */
  get(slot: number, generation: number): Request | undefined {
    const request = this.requests[slot];
    return request !== undefined && request.generation === generation ? request : undefined;
  }

  /** False when it had been removed already. */
  remove(request: Request): boolean {
    if (this.requests[request.slot] !== request) return false;
    this.requests[request.slot] = undefined;
    this.count--;
    return true;
  }

  /** Every request in progress. */
  *[Symbol.iterator](): Iterator<Request> {
    for (const request of this.requests) if (request !== undefined) yield request;
  }
}
