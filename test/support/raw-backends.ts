import type { TestContext } from 'node:test';
import { bySerialHeader, roundRobin } from './bed.js';
import { EchoClient } from './client.js';
import { Daemon } from './daemon.js';
import { eventually } from './eventually.js';
import { frame, Type, uint32 } from './frames.js';
import { freePort } from './free-ports.js';
import { inRepository } from './paths.js';
import { type RawPeer, RawServer } from './raw-peer.js';

/** A router whose backends are driven frame by frame. Connections are called `r0`, `r1`, … */
export class RawBackends {
  readonly servers: RawServer[] = [];
  daemon!: Daemon;
  client!: EchoClient;
  /** SETTINGS_MAX_CONCURRENT_STREAMS of the connections to come. */
  maxStreams: number | undefined;

  /**
   * Starts `count` of them and stops them after the test: each a backend of type `server`, or the replicas of one
   * `active_active`.
   */
  static async start(
    context: TestContext,
    type: 'server' | 'active_active',
    count: number,
    env: Readonly<Record<string, string>>,
    maxStreams?: number,
  ): Promise<RawBackends> {
    const raw = new RawBackends();
    raw.maxStreams = maxStreams;
    context.after(() => raw.stop());
    for (let i = 0; i < count; i++) raw.servers.push(await RawServer.listen((peer) => raw.greet(peer)));
    const port = await freePort();
    raw.daemon = await Daemon.start(raw.routingFile(type, port), { env });
    await raw.daemon.untilOpen(raw.servers.map((_, i) => `r${i}`));
    raw.client = new EchoClient(port);
    return raw;
  }

  /** The nth connection of a backend, when it is there. */
  async peer(server: number, n: number): Promise<RawPeer> {
    return eventually(`connection ${n} to backend ${server}`, () => this.servers[server]!.peers[n]);
  }

  /** The backend takes no more connections, says GOAWAY on its nth and, when the router knows, is gone. */
  async leave(server: number, n: number, lastId: number, code = 0): Promise<void> {
    const peer = await this.peer(server, n);
    this.servers[server]!.stopListening();
    peer.goaway(lastId, code);
    await this.daemon.untilClosed([`r${server}`]);
    await this.servers[server]!.stop();
  }

  /** Listens again on the same port. */
  async reopen(server: number): Promise<void> {
    this.servers[server] = await RawServer.listen((peer) => this.greet(peer), this.servers[server]!.port);
  }

  private greet(peer: RawPeer): void {
    const { maxStreams } = this;
    const limit = maxStreams === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.of(0, 3), uint32(maxStreams)]);
    peer.send(frame(Type.SETTINGS, 0, 0, limit));
  }

  private routingFile(type: 'server' | 'active_active', port: number): object {
    const connections = this.servers.map((server, i) => ({ name: `r${i}`, addr: '127.0.0.1', port: server.port }));
    return {
      servers: [
        {
          name: 'north',
          address: '127.0.0.1',
          port,
          type: 'grpc',
          routers: [{ package: 'afrouter.test', service: 'Echo', router: 'echo' }],
        },
      ],
      routers: [
        {
          name: 'echo',
          package: 'afrouter.test',
          service: 'Echo',
          proto_descriptor: inRepository('protos/echo.proto'),
          routes: [roundRobin('all', 'c')],
        },
      ],
      backend_clusters: [
        {
          name: 'c',
          backends:
            type === 'active_active'
              ? [{ name: 'b', type, association: bySerialHeader, connections }]
              : connections.map((connection) => ({ name: `b-${connection.name}`, type, connections: [connection] })),
        },
      ],
    };
  }

  private async stop(): Promise<void> {
    this.client?.stop();
    await this.daemon?.stop();
    for (const server of this.servers) await server.stop();
  }
}
