import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { type MethodDefinition, Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import { freePort } from './free-ports.js';
import { ReplicaCall } from './replica-call.js';
import type { Message, Service } from './service.js';

/** What a replica does with a call; called once, when the call's headers are there. */
export type Handler = (call: ReplicaCall) => void;

/**
 * A gRPC server (@grpc/grpc-js) that plays one replica and records what it gets. It accepts the sockets itself, so that
 * it can die as a process dies: its connections drop, and nobody listens any more.
 */
export class Replica {
  readonly name: string;
  readonly port: number;
  /** Every call since the first start, oldest first. */
  readonly calls: ReplicaCall[] = [];
  /** What to do with a call; set it before the call comes. */
  handler: Handler;
  /** Connections accepted since the first start. */
  accepted = 0;
  /** How its connections are secured; takes effect with the next start. */
  credentials = ServerCredentials.createInsecure();
  private readonly service: Service;
  private grpc: Server | null = null;
  private listener: NetServer | null = null;
  private injector: ReturnType<Server['createConnectionInjector']> | null = null;
  private readonly sockets = new Set<Socket>();

  private constructor(name: string, port: number, service: Service, handler: Handler) {
    this.name = name;
    this.port = port;
    this.service = service;
    this.handler = handler;
  }

  static async start(name: string, service: Service, handler: Handler, port?: number): Promise<Replica> {
    const replica = new Replica(name, port ?? (await freePort()), service, handler);
    await replica.start();
    return replica;
  }

  /** A replica that is not there yet. */
  static async absent(name: string, service: Service, handler: Handler): Promise<Replica> {
    return new Replica(name, await freePort(), service, handler);
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** The calls of one method. */
  callsOf(method: string): ReplicaCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  /** Comes (back) on the same port. */
  async start(): Promise<void> {
    const grpc = new Server({
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': 1000,
    });
    grpc.addService(this.definition(), this.handlers());
    const injector = grpc.createConnectionInjector(this.credentials);
    const listener = createServer({ noDelay: true }, (socket) => {
      this.accepted++;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
      injector.injectConnection(socket);
    });
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.port, '127.0.0.1', resolve);
    });
    this.grpc = grpc;
    this.injector = injector;
    this.listener = listener;
  }

  /** Dies: connections are reset, the port is closed. */
  async kill(): Promise<void> {
    const { listener, grpc } = this;
    if (listener === null) return;
    this.listener = null;
    const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
    grpc?.forceShutdown();
  }

  /** Says GOAWAY on every connection; calls in progress may finish. New connections are accepted. */
  sendAway(): void {
    this.injector?.drain(600_000);
  }

  /** Ends as a well-behaved process does: takes no more connections, says GOAWAY, and is gone when its last call has ended. */
  async retire(): Promise<void> {
    const { listener } = this;
    if (listener === null) return;
    this.listener = null;
    const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
    this.sendAway();
    await closed;
  }

  /** All methods as bidirectional streams: on the wire the kinds do not differ, and a handler may do what it likes. */
  private definition(): Service {
    return Object.fromEntries(
      Object.entries(this.service).map(([name, method]): [string, MethodDefinition<Message, Message>] => [
        name,
        { ...method, requestStream: true, responseStream: true },
      ]),
    );
  }

  private handlers(): Record<string, UntypedHandleCall> {
    return Object.fromEntries(
      Object.keys(this.service).map((method): [string, UntypedHandleCall] => [
        method,
        (duplex: unknown) => {
          const call = new ReplicaCall(this.name, method, duplex as ReplicaCall['stream']);
          this.calls.push(call);
          this.handler(call);
        },
      ]),
    );
  }
}
