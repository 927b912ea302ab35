import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Authority, HERE } from '../test/support/certificates.js';
import { freePort } from '../test/support/free-ports.js';
import { waitForAnswer } from './load/wait-for-answer.js';
import { messageOf } from './message.js';
import type { CaseResult, Sample } from './metrics.js';
import { BenchProcess } from './process.js';
import type { Place, Target, TlsFiles } from './targets/target.js';

const BACKEND = fileURLToPath(new URL('./echo-backend.js', import.meta.url));

/** What starts everything anew takes long, and varies little. */
const FRESH_ROUNDS = 3;

/** How long everything takes. */
export interface LabOptions {
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  /** Only what fits in a minute. */
  readonly quick: boolean;
  /** Only what the bars need. */
  readonly check: boolean;
  /** Path of the Node that runs afrouter. */
  readonly node: string;
  readonly soakMinutes: number;
}

/** Starts what is measured and measures it in turns; keeps track of the processes, so that none outlives the bench. */
export class Lab {
  readonly options: LabOptions;
  /** For files; removed at the end. */
  readonly dir = mkdtempSync(join(tmpdir(), 'afrouter-bench-'));
  private readonly processes: BenchProcess[] = [];
  private readonly backendPorts: number[] = [];
  private readonly tlsBackendPorts: number[] = [];
  private tlsFiles: TlsFiles | undefined;
  private lastStart: Promise<unknown> = Promise.resolve();
  private readonly missing = new Set<string>();

  constructor(options: LabOptions) {
    this.options = options;
  }

  /** Says on stderr how far it is. */
  progress(text: string): void {
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
  }

  /** A line on stderr that stays. */
  say(text: string): void {
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`);
  }

  /** Ports of so many backends; those that run already first. */
  async backends(count: number): Promise<number[]> {
    return this.inTurn(() => this.startBackends(count, this.backendPorts, []));
  }

  /** Targets start side by side; the backends they share must not. */
  private inTurn<T>(start: () => Promise<T>): Promise<T> {
    const started = this.lastStart.then(start);
    this.lastStart = started.catch(() => {});
    return started;
  }

  private async startBackends(count: number, ports: number[], args: readonly string[]): Promise<number[]> {
    while (ports.length < count) {
      const port = await freePort();
      const backend = new BenchProcess('echo backend', process.execPath, [BACKEND, String(port), ...args]);
      this.processes.push(backend);
      await backend.listening(port);
      ports.push(port);
    }
    return ports.slice(0, count);
  }

  /** A place for a target in front of so many backends. */
  async place(backends: number): Promise<Place> {
    return { dir: this.dir, port: await freePort(), backends: await this.backends(backends) };
  }

  /** The same with TLS on both sides. */
  async tlsPlace(backends: number): Promise<Place> {
    this.tlsFiles ??= makeCertificate(this.dir);
    const { certificate, key } = this.tlsFiles;
    const ports = await this.inTurn(() => this.startBackends(backends, this.tlsBackendPorts, [certificate, key]));
    return { dir: this.dir, port: await freePort(), backends: ports, tls: this.tlsFiles };
  }

  /** Takes targets in, each when a call through it succeeds. Undefined stands for one that is not installed. */
  async start(...starting: Promise<Target | undefined>[]): Promise<Target[]> {
    // All are waited for: those that did start have to be stopped when another did not.
    const started = await Promise.allSettled(starting);
    const targets = started.map((each) => (each.status === 'fulfilled' ? each.value : undefined)).filter(isDefined);
    for (const { process } of targets) if (process !== undefined) this.processes.push(process);
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    for (const target of targets) await waitForAnswer(target);
    return targets;
  }

  /** Whether a program is there; says once when not. */
  installed(program: 'haproxy' | 'nginx'): boolean {
    if (hasProgram(program)) return true;
    if (!this.missing.has(program)) this.say(`${program} is not installed: left out (apt-get install ${program})`);
    this.missing.add(program);
    return false;
  }

  /**
   * Measures the targets in turn, round after round, so that what changes on the machine meanwhile changes for all; before, once
   * each without counting.
   */
  async rounds(
    name: string,
    targets: readonly Target[],
    measure: (target: Target, warmUp: boolean) => Promise<Sample>,
    rounds = this.options.rounds,
  ): Promise<CaseResult> {
    const samples = new Map<Target, Sample[]>(targets.map((target) => [target, []]));
    for (const target of targets) {
      this.progress(`${name}: warming up ${target.name}`);
      await measure(target, true);
      target.process?.forgetPeak();
    }
    for (let round = 1; round <= rounds; round++) {
      for (const target of targets) {
        this.progress(`${name}: round ${round} of ${rounds}, ${target.name}`);
        const sample = await measure(target, false);
        const peak = target.process?.peakBytes;
        samples.get(target)!.push(peak === undefined ? sample : { ...sample, peakMemory: peak });
      }
    }
    return { name, targets: targets.map((target) => ({ target: target.name, samples: samples.get(target)! })) };
  }

  /**
   * For what a process remembers, memory above all: each round starts the targets anew, and none is warmed up. No more than
   * {@link FRESH_ROUNDS} rounds. What `measure` has no figures for stays empty.
   */
  async freshRounds(
    name: string,
    start: () => Promise<Target[]>,
    measure: (target: Target, process: BenchProcess) => Promise<Sample | undefined>,
  ): Promise<CaseResult> {
    const rounds = Math.min(this.options.rounds, FRESH_ROUNDS);
    const samples = new Map<string, Sample[]>();
    for (let round = 1; round <= rounds; round++) {
      const targets = await start();
      for (const target of targets) {
        this.progress(`${name}: round ${round} of ${rounds}, ${target.name}`);
        const sample = await measure(target, target.process!);
        const list = samples.get(target.name) ?? [];
        const peakMemory = target.process!.peakBytes;
        samples.set(target.name, [...list, sample === undefined ? {} : { ...sample, peakMemory }]);
      }
      for (const { process } of targets) await process?.stop();
    }
    return { name, targets: [...samples].map(([target, list]) => ({ target, samples: list })) };
  }

  /** A file with a length-prefixed message of so many bytes, for h2load. */
  bodyFile(bytes: number): string {
    const file = join(this.dir, `message-${bytes}.bin`);
    writeFileSync(file, messageOf(bytes));
    return file;
  }

  /** Ends every process, backends too. */
  async stopAll(): Promise<void> {
    this.backendPorts.length = 0;
    this.tlsBackendPorts.length = 0;
    for (const child of this.processes.splice(0)) await child.stop();
  }

  /** Removes the files. */
  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** Whether the shell would find it. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    });
    return true;
  } catch {
    return false;
  }
}

function makeCertificate(dir: string): TlsFiles {
  const authority = new Authority('bench');
  const { certificate, key } = authority.issue(HERE);
  const write = (name: string, pem: string) => {
    const file = join(dir, name);
    writeFileSync(file, pem);
    return file;
  };
  return {
    ca: write('ca.pem', authority.pem),
    certificate: write('certificate.pem', certificate),
    key: write('key.pem', key),
    both: write('both.pem', certificate + key),
  };
}
