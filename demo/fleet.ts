import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ReplicaNews } from './device-service.js';

const SERVER = fileURLToPath(new URL('device-server.js', import.meta.url));

/** A call as a replica received it. */
export interface Received {
  readonly replica: string;
  readonly method: string;
  readonly serial: string;
  /** The device or client that the call is about. */
  readonly about: string;
}

/** The replicas of the demo, each in a process of its own: killing one is killing a process. */
export class Fleet {
  /** Everything that the replicas received, oldest first. */
  readonly received: Received[] = [];
  onReceived: ((received: Received) => void) | null = null;
  private readonly ports: ReadonlyMap<string, number>;
  private readonly processes = new Map<string, ChildProcess>();

  /** @param ports port of each replica, by its name */
  constructor(ports: ReadonlyMap<string, number>) {
    this.ports = ports;
  }

  get names(): string[] {
    return [...this.ports.keys()];
  }

  async startAll(): Promise<void> {
    await Promise.all(this.names.map((name) => this.start(name)));
  }

  /** Starts a replica and waits until it listens. @param returned it was there before, and has lost its memory */
  start(name: string, returned = false): Promise<void> {
    const child = fork(SERVER, [name, String(this.ports.get(name)), ...(returned ? ['returned'] : [])]);
    this.processes.set(name, child);
    return new Promise((resolve, reject) => {
      child.on('exit', (code, signal) => reject(new Error(`replica ${name} ended: ${code ?? signal}`)));
      child.on('message', (news: ReplicaNews) => {
        if (news.kind === 'listening') resolve();
        else this.record({ replica: name, method: news.method, serial: news.serial, about: news.about });
      });
    });
  }

  /** Kills the replica's process, with no chance to say goodbye. */
  async kill(name: string): Promise<void> {
    const child = this.processes.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await Promise.all(this.names.map((name) => this.kill(name)));
  }

  /** For the end of the demo's process, when nothing can be waited for. */
  killNow(): void {
    for (const child of this.processes.values()) child.kill('SIGKILL');
  }

  private record(received: Received): void {
    this.received.push(received);
    this.onReceived?.(received);
  }
}
