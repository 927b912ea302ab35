/**
 * `npm run bench -- [--rounds N] [--requests N] [--node PATH]`: unary calls of 10 bytes, round robin over two backends, at 8
 * connections × 20 streams, against HAProxy on the same backends. Rounds are interleaved; medians and ratios are what counts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { h2load } from './load/h2load.js';
import { BenchProcess } from './process.js';
import { median, spread } from './stats.js';
import { roundRobin, startAfrouter } from './targets/afrouter.js';
import { startHaproxy } from './targets/haproxy.js';
import type { Target } from './targets/target.js';

interface Sample {
  readonly requestsPerSecond: number;
  /** Microseconds of the proxy's CPU time a request. */
  readonly cpuMicros: number;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function measure(target: Target, requests: number, body: string): Promise<Sample> {
  const before = target.process?.cpuSeconds ?? 0;
  const url = `http://127.0.0.1:${target.port}/bench.Echo/Call`;
  const { requestsPerSecond, succeeded } = await h2load({ url, clients: 8, streams: 20, requests, body });
  const cpu = (target.process?.cpuSeconds ?? 0) - before;
  return { requestsPerSecond, cpuMicros: (cpu * 1e6) / succeeded };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      requests: { type: 'string', default: '100000' },
      node: { type: 'string', default: process.execPath },
    },
  });
  const dir = mkdtempSync(join(tmpdir(), 'afrouter-bench-'));
  const processes: BenchProcess[] = [];
  try {
    const body = join(dir, 'message.bin');
    writeFileSync(body, Buffer.concat([Buffer.from([0, 0, 0, 0, 10, 10, 8]), Buffer.from('aaaaaaaa')]));
    const backends = [await freePort(), await freePort()];
    for (const port of backends) {
      const file = fileURLToPath(new URL('./echo-backend.js', import.meta.url));
      const backend = new BenchProcess('echo', process.execPath, [file, String(port)]);
      processes.push(backend);
      await backend.listening(port);
    }
    const targets: Target[] = [
      { name: 'direct', port: backends[0]!, process: undefined },
      await startHaproxy(dir, await freePort(), backends),
      await startAfrouter('afrouter', dir, await freePort(), roundRobin(backends), values.node),
    ];
    for (const { process: child } of targets) if (child !== undefined) processes.push(child);
    const samples = new Map<Target, Sample[]>(targets.map((target) => [target, []]));
    for (const target of targets) await measure(target, Number(values.requests) / 2, body);
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const target of targets) samples.get(target)!.push(await measure(target, Number(values.requests), body));
      process.stderr.write(`round ${round} of ${values.rounds}\r`);
    }
    report(samples);
  } finally {
    for (const child of processes) await child.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

function report(samples: ReadonlyMap<Target, readonly Sample[]>): void {
  const rate = (name: string): number => {
    for (const [target, list] of samples) if (target.name === name) return median(list.map((s) => s.requestsPerSecond));
    return Number.NaN;
  };
  const lines = ['| | requests/s | ± | against HAProxy | CPU µs/request | peak MiB |', '|---|---|---|---|---|---|'];
  for (const [target, list] of samples) {
    const rates = list.map((s) => s.requestsPerSecond);
    const cpu = median(list.map((s) => s.cpuMicros));
    const peak = target.process === undefined ? '' : (target.process.peakBytes / 2 ** 20).toFixed(0);
    lines.push(
      `| ${target.name} | ${median(rates).toFixed(0)} | ${(spread(rates) * 100).toFixed(0)} % | ` +
        `${(median(rates) / rate('haproxy')).toFixed(2)} | ${cpu === 0 ? '' : cpu.toFixed(1)} | ${peak} |`,
    );
  }
  process.stdout.write(`unary 10 B, round robin, 8 × 20, ${availableParallelism()} cores\n\n${lines.join('\n')}\n`);
}

await main();
