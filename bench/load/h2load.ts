import { execFile } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { LatencyRecord } from './latency-record.js';
import type { Latency } from './spec.js';

const run = promisify(execFile);

/** One run of h2load (nghttp2). */
export interface H2Load {
  readonly url: string;
  readonly clients: number;
  readonly streams: number;
  readonly requests: number;
  /** File with the request body: one length-prefixed message. */
  readonly body: string;
  /** A file that h2load may write each request's time to. */
  readonly log?: string;
}

/** What it measured. */
export interface H2LoadResult {
  readonly requestsPerSecond: number;
  readonly succeeded: number;
  /** Only with a log. */
  readonly latency: Latency | undefined;
}

/** @throws Error when a request failed or was not answered with its own body: a figure with failures is none */
export async function h2load(load: H2Load): Promise<H2LoadResult> {
  const { clients, streams, requests, body, log, url } = load;
  const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];
  const counts = ['-c', String(clients), '-m', String(streams), '-n', String(requests)];
  const logged = log === undefined ? [] : ['--log-file', log];
  const { stdout } = await run('h2load', [...counts, '-d', body, ...headers, ...logged, url]);
  const rate = /([\d.]+) req\/s/.exec(stdout);
  const done = /(\d+) succeeded, (\d+) failed, (\d+) errored/.exec(stdout);
  if (rate === null || done === null) throw new Error(`h2load said what we do not understand:\n${stdout}`);
  if (done[2] !== '0' || done[3] !== '0') throw new Error(`h2load: ${done[0]}`);
  // A failed gRPC call is HTTP's 200 too, but nothing comes back with it.
  const data = Number(/\((\d+)\) data/.exec(stdout)?.[1]);
  if (data !== Number(done[1]) * statSync(body).size) throw new Error(`h2load: not every call came back:\n${stdout}`);
  return {
    requestsPerSecond: Number(rate[1]),
    succeeded: Number(done[1]),
    latency: log === undefined ? undefined : readLog(log),
  };
}

/** Lines of: begin (µs), HTTP status, how long it took (µs). */
function readLog(file: string): Latency {
  const record = new LatencyRecord();
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    if (line !== '') record.add(0, Number(line.split('\t')[2]));
  }
  // h2load appends.
  rmSync(file);
  return record.summary();
}
