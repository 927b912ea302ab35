import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { daemonScript } from './paths.js';

/** The daemon's own names, in one place. */
const READY = 'ready';
const CONNECTION_OPEN = 'connection_open';
const CONNECTION_ENDS = new Set(['connection_lost', 'connection_goaway', 'connection_moved', 'connection_retired']);

/** Settings that tests share: a killed replica is dialled again soon. Anything of AFROUTER_* outside is not passed on. */
const TEST_SETTINGS: Readonly<Record<string, string>> = {
  AFROUTER_RECONNECT_MIN_MS: '50',
  AFROUTER_RECONNECT_MAX_MS: '200',
  // Tests that write the file ask for it to be read.
  AFROUTER_CONFIG_POLL_MS: '0',
  // Many daemons at a time: those that are asked are given a port of their own.
  AFROUTER_ADMIN_PORT: '0',
};

export interface LogLine {
  readonly event?: string;
  readonly level?: string;
  readonly msg?: string;
  readonly connection?: string;
  readonly [field: string]: unknown;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface DaemonSettings {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Run on this file instead of one written from the configuration. */
  readonly file?: string;
  readonly cwd?: string;
}

// The test runner ends a file that takes too long with SIGTERM; its daemons must not outlive it.
process.once('SIGTERM', () => process.exit(143));

/** The built daemon as a child process. */
export class Daemon {
  readonly lines: LogLine[] = [];
  /** Standard output and error as they came. */
  output = '';
  readonly exit: Promise<Exit>;
  exited: Exit | null = null;
  private readonly child: ChildProcess;
  private readonly open = new Map<string, boolean>();

  /** The routing file it runs on. */
  readonly file: string;

  private constructor(child: ChildProcess, directory: string, file: string) {
    this.file = file;
    this.child = child;
    const killIt = () => child.kill('SIGKILL');
    process.once('exit', killIt);
    let rest = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) this.onLine(line);
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    this.exit = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        process.removeListener('exit', killIt);
        rmSync(directory, { recursive: true, force: true });
        this.exited = { code, signal };
        resolve(this.exited);
      });
    });
  }

  /** Starts the daemon and does not wait for anything. */
  static spawn(configuration: unknown, settings: DaemonSettings = {}): Daemon {
    const directory = mkdtempSync(join(tmpdir(), 'afrouter-test-'));
    const file = settings.file ?? join(directory, 'routing.json');
    if (settings.file === undefined) {
      writeFileSync(file, typeof configuration === 'string' ? configuration : JSON.stringify(configuration, null, 2));
    }
    const args = settings.args ?? ['--config', file];
    const child = spawn(process.execPath, [daemonScript, ...args.map((arg) => (arg === '$FILE' ? file : arg))], {
      cwd: settings.cwd ?? directory,
      env: { ...withoutSettings(process.env), ...TEST_SETTINGS, ...settings.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Daemon(child, directory, file);
  }

  /** Starts the daemon and waits until all its listeners are open. */
  static async start(configuration: unknown, settings: DaemonSettings = {}): Promise<Daemon> {
    const daemon = Daemon.spawn(configuration, settings);
    await daemon.untilLine((line) => line.event === READY, 'ready');
    return daemon;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Waits for a log line, also among those that were there already from line `from` on. */
  async untilLine(wanted: (line: LogLine) => boolean, what: string, from = 0): Promise<LogLine> {
    return eventually(`the daemon logs: ${what}`, () => {
      const found = this.lines.slice(from).find(wanted);
      if (found === undefined && this.exited !== null) {
        throw new Error(`the daemon exited (${JSON.stringify(this.exited)}) before: ${what}\n${this.output}`);
      }
      return found;
    });
  }

  /** Waits until the connections with these names are open (and names are used once in the file). */
  async untilOpen(names: readonly string[]): Promise<void> {
    await this.untilConnections(names, true);
  }

  async untilClosed(names: readonly string[]): Promise<void> {
    await this.untilConnections(names, false);
  }

  private async untilConnections(names: readonly string[], open: boolean): Promise<void> {
    await eventually(`connections ${names.join(', ')} are ${open ? 'open' : 'closed'}`, () => {
      if (this.exited !== null) throw new Error(`the daemon exited: ${JSON.stringify(this.exited)}\n${this.output}`);
      return names.every((name) => (this.open.get(name) ?? false) === open);
    });
    // The worker logs before the main thread, which routes, has the news from it.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** Writes another configuration and asks for it; resolves with the line that tells how it ended. */
  async reload(configuration: unknown): Promise<LogLine> {
    const from = this.lines.length;
    writeFileSync(this.file, typeof configuration === 'string' ? configuration : JSON.stringify(configuration));
    this.signal('SIGHUP');
    const ended = (line: LogLine) => line.event === 'config_applied' || line.event === 'config_rejected';
    return this.untilLine(ended, 'how the reload ended', from);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Memory that is really in use, in bytes (Linux). */
  residentBytes(): number {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
    return Number(kib![1]) * 1024;
  }

  /** Asks it to end and waits; a daemon that does not end is killed, and that is an error. */
  async stop(): Promise<Exit> {
    if (this.exited !== null) return this.exited;
    this.child.kill('SIGTERM');
    // Tests leave calls open; a second signal ends at once.
    const second = setTimeout(() => this.child.kill('SIGTERM'), 300);
    const last = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    const exit = await this.exit;
    clearTimeout(second);
    clearTimeout(last);
    if (exit.signal === 'SIGKILL') throw new Error(`the daemon did not end:\n${this.output}`);
    return exit;
  }

  private onLine(text: string): void {
    let line: LogLine;
    try {
      line = JSON.parse(text) as LogLine;
    } catch {
      return;
    }
    this.lines.push(line);
    if (line.connection === undefined || line.event === undefined) return;
    if (line.event === CONNECTION_OPEN) this.open.set(line.connection, true);
    else if (CONNECTION_ENDS.has(line.event)) this.open.set(line.connection, false);
  }
}

function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AFROUTER_')));
}
