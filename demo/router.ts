import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROUTER = fileURLToPath(new URL('../src/main/cli.js', import.meta.url));
const KEPT_LINES = 40;

/** The real router, as `afrouter --config FILE` runs it. */
export class Router {
  private readonly child: ChildProcess;
  /** The end of its log. */
  readonly log: string[] = [];

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  /** Starts the router and waits until its ports are open. */
  static start(configFile: string): Promise<Router> {
    // In a process group of its own: Ctrl-C is for the demo, which then ends the router as an operator would.
    const child = spawn(process.execPath, [ROUTER, '--config', configFile], {
      detached: true,
      // Nobody asks it here, and another router may have the port.
      env: { ...process.env, AFROUTER_ADMIN_PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const router = new Router(child);
    return new Promise((resolve, reject) => {
      let rest = '';
      const onText = (text: string): void => {
        const lines = (rest + text).split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          router.log.push(line);
          if (router.log.length > KEPT_LINES) router.log.shift();
          if (line.includes('"event":"ready"')) resolve(router);
        }
      };
      child.stdout!.setEncoding('utf8').on('data', onText);
      child.stderr!.setEncoding('utf8').on('data', onText);
      child.once('exit', () => reject(new Error(`the router ended:\n${[...router.log, rest].join('\n')}`)));
    });
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends it politely. Returns its exit code, null if it had to be killed. */
  async stop(): Promise<number | null> {
    if (!this.isRunning) return this.child.exitCode;
    const gone = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    const patience = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    const code = await gone;
    clearTimeout(patience);
    return code;
  }

  killNow(): void {
    this.child.kill('SIGKILL');
  }
}
