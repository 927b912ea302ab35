/** What a round of a scenario does with a target. The first call for a target is its warm-up. */

import { join } from 'node:path';
import { hasProgram, type Lab } from './lab.js';
import { h2load } from './load/h2load.js';
import { runLoad } from './load/run-load.js';
import type { CallShape, ClosedLoop, LoadResult, OpenLoop, Streaming } from './load/spec.js';
import type { Sample } from './metrics.js';
import type { Target } from './targets/target.js';

export type Measure = (target: Target, warmUp: boolean) => Promise<Sample>;

/** How many calls are in flight, and how. */
export interface Concurrency {
  readonly connections: number;
  /** On each. */
  readonly streams: number;
}

/** Calls with the same 10 bytes and what every client sends of metadata. */
export const PLAIN: CallShape = { bytes: 10, keys: 0, metadata: 'plain' };

/** A generator is a process that starts and is compiled: what it measures before that is not the target. */
const GENERATOR_WARM_UP = 0.5;
const QUICK_WARM_UP = 0.2;

/** As many plain unary calls as go through, by h2load; by our own generator where that is not installed. */
export function saturate(lab: Lab, concurrency: Concurrency, bytes = PLAIN.bytes): Measure {
  if (!hasProgram('h2load')) return closed(lab, concurrency, { ...PLAIN, bytes });
  return h2loadMeasure(lab, concurrency, bytes, undefined);
}

/** The same with the latency of each call. */
export function saturateTimed(lab: Lab, concurrency: Concurrency): Measure {
  if (!hasProgram('h2load')) return closed(lab, concurrency, PLAIN);
  return h2loadMeasure(lab, concurrency, PLAIN.bytes, join(lab.dir, 'h2load.log'));
}

function h2loadMeasure(lab: Lab, concurrency: Concurrency, bytes: number, log: string | undefined): Measure {
  const { connections, streams } = concurrency;
  const body = lab.bodyFile(bytes);
  /** By target: what it takes in the time of a round. */
  const requests = new Map<Target, number>();
  const run = async (target: Target, count: number): Promise<Sample> => {
    const url = `${target.tls ? 'https' : 'http'}://127.0.0.1:${target.port}/bench.Echo/Call`;
    const load = { url, clients: connections, streams, requests: Math.max(count, connections), body };
    const cpu = cpuOf(target);
    const result = await h2load(log === undefined ? load : { ...load, log });
    const sample = { rate: result.requestsPerSecond, ...perCall(cpu(), result.succeeded) };
    return result.latency === undefined ? sample : { ...sample, p50: result.latency.p50, p99: result.latency.p99 };
  };
  return async (target, warmUp) => {
    if (!warmUp) return run(target, requests.get(target)!);
    const cold = await run(target, connections * streams * 20);
    const warm = await run(target, Math.round(cold.rate! * lab.options.seconds));
    requests.set(target, Math.round(warm.rate! * lab.options.seconds));
    return warm;
  };
}

/** Unary calls of any shape, one after another on each stream, by our own generator. */
export function closed(lab: Lab, concurrency: Concurrency, shape: CallShape): Measure {
  return (target) => generated(target, { kind: 'closed', ...towards(target), ...concurrency, shape, ...times(lab) });
}

/** Each key once, so that a table of keys is full before it is measured. */
export async function visitAllKeys(target: Target, concurrency: Concurrency, shape: CallShape): Promise<void> {
  const time = { warmUpSeconds: 0, seconds: 120 };
  await runLoad({ kind: 'closed', ...towards(target), ...concurrency, shape, ...time, calls: shape.keys });
}

/** Unary calls that begin at a rate, whatever becomes of them. */
export function open(lab: Lab, connections: number, callsPerSecond: number): Measure {
  return (target) =>
    generated(target, { kind: 'open', ...towards(target), connections, shape: PLAIN, callsPerSecond, ...times(lab) });
}

/** Streams of 10 KiB messages. */
export function streams(lab: Lab, concurrency: Concurrency, method: Streaming['method']): Measure {
  return async (target) => {
    const spec: Streaming = { kind: 'streaming', ...towards(target), ...concurrency, method, ...times(lab) };
    const cpu = cpuOf(target);
    const result = await runLoad(spec);
    const sample = { throughput: result.bytes / result.seconds };
    const used = cpu();
    return used === undefined ? sample : { ...sample, cpuPerMegabyte: (used * 1e6) / (result.allBytes / 1e6) };
  };
}

async function generated(target: Target, spec: ClosedLoop | OpenLoop): Promise<Sample> {
  const cpu = cpuOf(target);
  const result = await runLoad(spec);
  return { ...latencySample(result), ...perCall(cpu(), result.allCalls) };
}

/** What a generator's result says of calls. */
export function latencySample({ calls, seconds, latency }: LoadResult): Sample {
  return { rate: calls / seconds, p50: latency.p50, p99: latency.p99, p999: latency.p999 };
}

/** Where a generator finds the target. */
export function towards({ port, tls }: Target): { port: number; tls: boolean } {
  return { port, tls };
}

function times(lab: Lab): { warmUpSeconds: number; seconds: number } {
  return { warmUpSeconds: lab.options.quick ? QUICK_WARM_UP : GENERATOR_WARM_UP, seconds: lab.options.seconds };
}

/** Starts a clock of the target's CPU time; it says how many seconds were used, undefined for direct. */
function cpuOf(target: Target): () => number | undefined {
  const { process } = target;
  if (process === undefined) return () => undefined;
  const before = process.cpuSeconds;
  return () => process.cpuSeconds - before;
}

function perCall(cpuSeconds: number | undefined, calls: number): Sample {
  return cpuSeconds === undefined ? {} : { cpuPerCall: (cpuSeconds * 1e6) / calls };
}
