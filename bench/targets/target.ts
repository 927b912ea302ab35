import type { BenchProcess } from '../process.js';

/** Something that is measured: a proxy in front of the backends, or nothing (direct). */
export interface Target {
  readonly name: string;
  readonly port: number;
  /** The proxy's process; undefined for direct. */
  readonly process: BenchProcess | undefined;
}
