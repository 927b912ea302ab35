import { type EventLoopUtilization, type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** How a thread's event loop does. */
export interface LoopReading {
  /** How late timers fired since the last reading, in seconds. */
  readonly delayP50: number;
  readonly delayP99: number;
  readonly delayMax: number;
  /** Time since the thread began in which it worked, and in which it waited, in seconds. */
  readonly activeSeconds: number;
  readonly idleSeconds: number;
}

/** How often the delay is sampled, in ms. */
const RESOLUTION_MS = 20;

/** Watches the event loop of the thread it is made in, from the first reading on: a router nobody asks does no work for it. */
export class LoopMonitor {
  private histogram: IntervalHistogram | null = null;

  /** The state now. The delays are of the time since the last reading; 0 in the first one. */
  read(): LoopReading {
    const { active, idle }: EventLoopUtilization = performance.eventLoopUtilization();
    if (this.histogram === null) {
      this.histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.histogram.enable();
    }
    const { histogram } = this;
    const seconds = (nanoseconds: number): number =>
      histogram.count === 0 ? 0 : Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3);
    const reading = {
      delayP50: seconds(histogram.percentile(50)),
      delayP99: seconds(histogram.percentile(99)),
      delayMax: seconds(histogram.max),
      activeSeconds: active / 1e3,
      idleSeconds: idle / 1e3,
    };
    histogram.reset();
    return reading;
  }
}
