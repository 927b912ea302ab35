import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';

/** Clock ticks a second in /proc (USER_HZ is 100 on every Linux that Node runs on). */
const TICKS = 100;

/** Nothing that is measured takes longer to start, also on a busy machine. */
const START_LIMIT_MS = 20_000;

/** A process that a bench started, with its children: their CPU time and memory. */
export class BenchProcess {
  readonly name: string;
  private readonly child: ChildProcess;
  private readonly stopSignal: NodeJS.Signals;

  /** @param stopSignal SIGKILL unless the process has children that would outlive it */
  constructor(
    name: string,
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    stopSignal: NodeJS.Signals = 'SIGKILL',
  ) {
    this.name = name;
    this.stopSignal = stopSignal;
    this.child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
    this.child.on('error', () => {
      // `listening` tells.
    });
  }

  private get ended(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves when something listens on the port. @throws Error when the process ends before, or takes too long */
  async listening(port: number): Promise<void> {
    const limit = performance.now() + START_LIMIT_MS;
    for (;;) {
      if (performance.now() > limit) throw new Error(`${this.name} does not listen on port ${port}`);
      if (this.ended) throw new Error(`${this.name} ended (code ${this.child.exitCode ?? this.child.signalCode})`);
      const socket = connect(port, '127.0.0.1');
      const open = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      socket.destroy();
      if (open) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private get pids(): number[] {
    const { pid } = this.child;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    return [pid!, ...children.split(' ').filter(Boolean).map(Number)];
  }

  /** CPU time used so far, all threads, user and system, in seconds. */
  get cpuSeconds(): number {
    let ticks = 0;
    for (const pid of this.pids) {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    }
    return ticks / TICKS;
  }

  /** Memory resident now, in bytes. */
  get residentBytes(): number {
    return this.status('VmRSS');
  }

  /** Most memory it had resident since {@link forgetPeak}, in bytes. */
  get peakBytes(): number {
    return this.status('VmHWM');
  }

  private status(key: string): number {
    let kib = 0;
    for (const pid of this.pids) {
      const text = readFileSync(`/proc/${pid}/status`, 'latin1');
      kib += Number(new RegExp(`${key}:\\s+(\\d+)`).exec(text)?.[1] ?? 0);
    }
    return kib * 1024;
  }

  /** Starts {@link peakBytes} anew. */
  forgetPeak(): void {
    for (const pid of this.pids) writeFileSync(`/proc/${pid}/clear_refs`, '5');
  }

  /** Ends it whatever it is doing. */
  stop(): Promise<void> {
    return this.signal(this.stopSignal);
  }

  /** Asks it to end by itself. */
  end(): Promise<void> {
    return this.signal('SIGTERM');
  }

  private async signal(signal: NodeJS.Signals): Promise<void> {
    if (this.ended) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}
