import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One run of h2load (nghttp2). */
export interface H2Load {
  readonly url: string;
  readonly clients: number;
  readonly streams: number;
  readonly requests: number;
  /** File with the request body: one length-prefixed message. */
  readonly body: string;
  readonly headers?: readonly string[];
}

/** What it measured. */
export interface H2LoadResult {
  readonly requestsPerSecond: number;
  readonly succeeded: number;
}

/** @throws Error when h2load is not there, or a request failed: a figure with failures is none */
export async function h2load(load: H2Load): Promise<H2LoadResult> {
  const headers = ['content-type: application/grpc', 'te: trailers', ...(load.headers ?? [])].flatMap((h) => ['-H', h]);
  const { stdout } = await run('h2load', [
    '-c',
    String(load.clients),
    '-m',
    String(load.streams),
    '-n',
    String(load.requests),
    '-d',
    load.body,
    ...headers,
    load.url,
  ]);
  const rate = /([\d.]+) req\/s/.exec(stdout);
  const done = /(\d+) succeeded, (\d+) failed, (\d+) errored/.exec(stdout);
  if (rate === null || done === null) throw new Error(`h2load said what we do not understand:\n${stdout}`);
  if (done[2] !== '0' || done[3] !== '0') throw new Error(`h2load: ${done[0]}`);
  return { requestsPerSecond: Number(rate[1]), succeeded: Number(done[1]) };
}
