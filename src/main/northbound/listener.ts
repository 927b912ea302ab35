import { createServer, type Server, type Socket } from 'node:net';
import type { SessionContext, SessionOptions } from '../../http2/session/options.js';
import type { ServerConfig } from '../config/routing-file.js';
import type { CallContext } from './call-context.js';
import { ClientConnection, type ClientConnectionOwner } from './client-connection.js';

/** How often connections are looked at for what takes too long, in ms. */
const SWEEP_MS = 1000;

/** One entry of `servers[]`: a listening socket and the client connections it has accepted. */
export class Listener implements ClientConnectionOwner {
  readonly config: ServerConfig;
  private readonly context: CallContext;
  private readonly session: SessionContext;
  private readonly options: SessionOptions;
  private readonly maxConnections: number;
  private readonly server: Server;
  private readonly connections = new Set<ClientConnection>();
  private readonly sweeper: NodeJS.Timeout;
  private draining = false;
  private onEmpty: (() => void) | null = null;

  /** @param maxConnections more than that are closed at once */
  constructor(
    config: ServerConfig,
    context: CallContext,
    session: SessionContext,
    options: SessionOptions,
    maxConnections: number,
  ) {
    this.config = config;
    this.context = context;
    this.session = session;
    this.options = options;
    this.maxConnections = maxConnections;
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    // After `listen` has succeeded only accept() can fail (no file descriptors left): the listener goes on.
    this.server.on('error', (error) => {
      if (this.server.listening)
        context.log.error({ event: 'accept_failed', err: error }, 'a connection was not accepted');
    });
  }

  /** Opens the port. @throws Error (rejects) when it cannot be had */
  listen(): Promise<void> {
    const { address, port } = this.config;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      // '' means all interfaces, IPv6 and IPv4: Node's default without a host.
      this.server.listen(address === '' ? { port } : { host: address, port }, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  private accept(socket: Socket): void {
    if (this.connections.size >= this.maxConnections) {
      this.context.counters.connectionsRefused++;
      socket.on('error', () => {
        // It is being thrown away; what happens to it meanwhile does not matter.
      });
      socket.destroy();
      return;
    }
    const connection = new ClientConnection(socket, this, this.context, this.session, this.options);
    this.connections.add(connection);
    if (this.draining) connection.drain();
  }

  connectionClosed(connection: ClientConnection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.onEmpty?.();
  }

  /** Client connections open now. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /** Accepts no more, sends every client away (GOAWAY), and resolves when the last call has ended. */
  async drain(): Promise<void> {
    this.draining = true;
    this.server.close();
    for (const connection of [...this.connections]) connection.drain();
    if (this.connections.size > 0) await new Promise<void>((resolve) => (this.onEmpty = resolve));
  }

  private sweep(): void {
    const now = performance.now();
    for (const connection of this.connections) connection.sweep(now);
  }

  /** Ends every connection now. */
  close(): void {
    clearInterval(this.sweeper);
    this.server.close();
    for (const connection of [...this.connections]) connection.close();
  }
}
