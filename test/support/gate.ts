import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-ports.js';

/** A TCP forwarder that can stop carrying: behind a closed gate a peer is alive, but takes and says nothing. */
export class Gate {
  readonly port: number;
  private readonly server: Server;
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private closed = false;

  private constructor(port: number, target: number) {
    this.port = port;
    this.server = createServer({ noDelay: true }, (near) => {
      const far = connect({ host: '127.0.0.1', port: target, noDelay: true });
      const pair = [near, far] as const;
      this.pairs.add(pair);
      for (const socket of pair) {
        socket.on('error', () => {});
        socket.on('close', () => {
          near.destroy();
          far.destroy();
          this.pairs.delete(pair);
        });
      }
      near.on('data', (bytes) => pass(bytes, near, far, this));
      far.on('data', (bytes) => pass(bytes, far, near, this));
      if (this.closed) this.close();
    });
  }

  static async open(target: number): Promise<Gate> {
    const gate = new Gate(await freePort(), target);
    await new Promise<void>((resolve) => gate.server.listen(gate.port, '127.0.0.1', resolve));
    return gate;
  }

  /** Nothing is carried any more, in either direction; connections stay. */
  close(): void {
    this.closed = true;
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  reopen(): void {
    this.closed = false;
    for (const pair of this.pairs) for (const socket of pair) socket.resume();
  }

  get isClosed(): boolean {
    return this.closed;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const [near, far] of this.pairs) {
      near.destroy();
      far.destroy();
    }
    await closed;
  }
}

function pass(bytes: Buffer, from: Socket, to: Socket, gate: Gate): void {
  if (to.write(bytes)) return;
  from.pause();
  to.once('drain', () => {
    if (!gate.isClosed) from.resume();
  });
}
