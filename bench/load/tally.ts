import { LatencyRecord } from './latency-record.js';
import type { LoadResult } from './spec.js';

/** What a generator has counted, and the time since its warm-up. */
export class Tally {
  readonly latency = new LatencyRecord();
  private allCalls = 0;
  private callsBefore = 0;
  private allBytes = 0;
  private bytesBefore = 0;
  private startedAt = now();

  /** A call is over. Times in microseconds of {@link now}. */
  call(intended: number, end: number): void {
    this.allCalls++;
    this.latency.add(intended, end);
  }

  bytes(count: number): void {
    this.allBytes += count;
  }

  get calls(): number {
    return this.allCalls;
  }

  /** The warm-up is over: what counts begins. */
  begin(): void {
    this.callsBefore = this.allCalls;
    this.bytesBefore = this.allBytes;
    this.latency.reset();
    this.startedAt = now();
  }

  result(): LoadResult {
    return {
      calls: this.allCalls - this.callsBefore,
      allCalls: this.allCalls,
      seconds: (now() - this.startedAt) / 1e6,
      bytes: this.allBytes - this.bytesBefore,
      allBytes: this.allBytes,
      latency: this.latency.summary(),
    };
  }
}

/** Microseconds of a clock that only goes forward. */
export function now(): number {
  return performance.now() * 1000;
}
