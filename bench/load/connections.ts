import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ClientSession } from '../../src/http2/session/client-session.js';
import type { SessionContext, SessionOptions } from '../../src/http2/session/options.js';
import { sessionContext } from '../http2-sessions.js';
import { trustedPeer } from '../trusted-peer.js';
import { IndexingEncoder } from './indexing-encoder.js';
import type { Towards } from './spec.js';

/** More connections than that do not leave from one loopback address: its ports end (`ip_local_port_range`). */
const CONNECTIONS_PER_ADDRESS = 5000;
/** Connections that are being opened at a time, so that no listener's backlog overflows. */
const OPENING = 100;

/** Dials connections to one target, from one thread. */
export class Dialler {
  private readonly towards: Towards;
  private readonly context: SessionContext = sessionContext();
  private readonly options: SessionOptions;
  private dialled = 0;
  /** Another one each time: for a minute (TIME_WAIT) the ports of an address are not all free again. */
  private readonly network = `127.0.${1 + Math.floor(Math.random() * 254)}`;
  /** Write headers as grpc-go does. */
  indexing = false;

  /** @param streamWindow bytes that we take on a stream before we have consumed them */
  constructor(towards: Towards, streamWindow?: number) {
    this.towards = towards;
    this.options = trustedPeer(streamWindow);
  }

  /** All of them. @throws Error (rejects) when one cannot be had */
  async all(): Promise<ClientSession[]> {
    const sessions: ClientSession[] = [];
    while (sessions.length < this.towards.connections) {
      const count = Math.min(OPENING, this.towards.connections - sessions.length);
      sessions.push(...(await Promise.all(Array.from({ length: count }, () => this.one()))));
    }
    return sessions;
  }

  /** One more. */
  one(): Promise<ClientSession> {
    const localAddress = `${this.network}.${1 + Math.floor(this.dialled++ / CONNECTIONS_PER_ADDRESS)}`;
    const to = { host: '127.0.0.1', port: this.towards.port, noDelay: true, localAddress };
    return new Promise((resolve, reject) => {
      const start = () => {
        const session: ClientSession = new ClientSession(socket, this.context, this.options, {
          onReady: () => resolve(session),
          onGoaway() {},
          onLimit() {},
          onStreamSlot() {},
          onClose: (reason) => reject(new Error(`connection to port ${to.port} closed: ${reason}`)),
        });
        // Typed read-only for all but this comparison.
        if (this.indexing) Object.assign(session.sender, { encoder: new IndexingEncoder() });
      };
      // The benchmark's certificate is its own; that nobody listens in is not what is measured.
      const socket = this.towards.tls
        ? connectTls({ ...to, ALPNProtocols: ['h2'], rejectUnauthorized: false }, start)
        : connectTcp(to, start);
      socket.on('error', reject);
    });
  }
}
