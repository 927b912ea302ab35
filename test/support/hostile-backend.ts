import { Admin } from './admin.js';
import type { Target } from './attack.js';
import { roundRobin } from './bed.js';
import { EchoClient } from './client.js';
import { Daemon } from './daemon.js';
import { echo, echoService } from './echo.js';
import { Flag, frame, Type, uint32 } from './frames.js';
import { freePort } from './free-ports.js';
import { type RawPeer, RawServer } from './raw-peer.js';
import { Replica } from './replica.js';

/** grpc-js ends some broken answers without a status code. */
export const NO_STATUS = -1;

/** SETTINGS, and a connection window that no test uses up. */
function welcome(peer: RawPeer): void {
  peer.send(frame(Type.SETTINGS, 0, 0), frame(Type.WINDOW_UPDATE, 0, 0, uint32(0x7fff0000 - 65_535)));
}

/** What the bad backend does when a request has come. */
export type Answer = (peer: RawPeer, stream: number) => void;

/**
 * A daemon with one worker thread for two backends: a raw server that does what the test says (methods `Get` and `Receive`), and a
 * sane replica (all others).
 */
export class HostileBackend implements Target {
  readonly daemon: Daemon;
  readonly port: number;
  readonly admin: Admin;
  readonly client: EchoClient;
  readonly bad: RawServer;
  private readonly good: Replica;
  /** Does nothing unless set. */
  answer: Answer = () => {};
  /** {@link welcome} unless set. */
  greet: (peer: RawPeer) => void = welcome;

  private constructor(daemon: Daemon, port: number, admin: Admin, bad: RawServer, good: Replica) {
    this.daemon = daemon;
    this.port = port;
    this.admin = admin;
    this.client = new EchoClient(port);
    this.bad = bad;
    this.good = good;
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<HostileBackend> {
    const made: { bed?: HostileBackend } = {};
    const bad = await RawServer.listen((peer) => {
      if (made.bed === undefined) welcome(peer);
      else made.bed.greet(peer);
      peer.onFrame = ({ type, flags, stream }) => {
        const ends = type === Type.DATA || type === Type.HEADERS;
        if (ends && (flags & Flag.END_STREAM) !== 0) made.bed?.answer(peer, stream);
      };
    });
    const good = await Replica.start('good', echoService, echo);
    const port = await freePort();
    const adminPort = await freePort();
    const backend = (name: string, at: number) => ({
      name,
      backends: [{ name, type: 'server', connections: [{ name: `${name}1`, addr: '127.0.0.1', port: at }] }],
    });
    const daemon = await Daemon.start(
      {
        servers: [
          {
            name: 'north',
            address: '127.0.0.1',
            port,
            type: 'grpc',
            routers: [{ package: 'afrouter.test', service: 'Echo', router: 'r' }],
          },
        ],
        routers: [
          {
            name: 'r',
            package: 'afrouter.test',
            service: 'Echo',
            routes: [roundRobin('bad', 'bad', ['Get', 'Receive']), roundRobin('good', 'good')],
          },
        ],
        backend_clusters: [backend('bad', bad.port), backend('good', good.port)],
      },
      { env: { AFROUTER_WORKERS: '1', AFROUTER_ADMIN_PORT: String(adminPort), ...env } },
    );
    await daemon.untilOpen(['bad1', 'good1']);
    const bed = new HostileBackend(daemon, port, new Admin(adminPort), bad, good);
    made.bed = bed;
    return bed;
  }

  /** The bad backend's newest connection. */
  get peer(): RawPeer {
    return this.bad.peers.at(-1)!;
  }

  /** A call to the bad backend; resolves with its status. */
  async status(method = 'Get'): Promise<number> {
    const settings = { deadlineMs: 10_000 };
    const { code } = await this.client.call(method, { key: 'k', payload: Buffer.alloc(1000) }, settings);
    return (code as number | undefined) ?? NO_STATUS;
  }

  /** Waits until the bad backend is connected. */
  async untilOpen(): Promise<void> {
    await this.daemon.untilOpen(['bad1']);
  }

  async stop(): Promise<void> {
    this.client.stop();
    await this.daemon.stop();
    await this.bad.stop();
    await this.good.kill();
  }
}
