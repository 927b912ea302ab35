import { EchoClient } from './client.js';
import { Daemon } from './daemon.js';
import { eventually } from './eventually.js';
import { Flag, frame, grpcMessage, headerBlock, Type } from './frames.js';
import { freePort } from './free-ports.js';
import { connectionName, routingFile } from './one-backend.js';
import { RawPeer, RawServer } from './raw-peer.js';

export type Fields = readonly (readonly [string, string])[];

export const UNARY = '/afrouter.test.Echo/Unary';
export const END = Flag.END_HEADERS | Flag.END_STREAM;
export const OK_HEAD: Fields = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];
/** An `afrouter.test.Response` with key "k". */
export const MESSAGE = grpcMessage(Buffer.from([0x0a, 1, 0x6b]));

/** HEADERS with END_HEADERS, and other flags if given. */
export function headers(stream: number, fields: Fields, flags = 0): Buffer {
  return frame(Type.HEADERS, Flag.END_HEADERS | flags, stream, headerBlock(fields));
}

/** A whole good answer. */
export function goodAnswer(stream: number): Buffer[] {
  return [
    headers(stream, OK_HEAD),
    frame(Type.DATA, 0, stream, MESSAGE),
    headers(stream, [['grpc-status', '0']], Flag.END_STREAM),
  ];
}

/** The daemon between clients and a backend of type `server`, both of which the test plays frame by frame. */
export class RawBed {
  readonly daemon: Daemon;
  readonly port: number;
  readonly backend: RawServer;
  readonly client: EchoClient;
  /** What the backend does when a request's last frame has come; a good answer unless set. */
  respond: (peer: RawPeer, stream: number) => void = (peer, stream) => peer.send(...goodAnswer(stream));

  private constructor(daemon: Daemon, port: number, backend: RawServer) {
    this.daemon = daemon;
    this.port = port;
    this.backend = backend;
    this.client = new EchoClient(port);
  }

  /** @param settings the backend's first SETTINGS payload */
  static async start(settings: Buffer = Buffer.alloc(0)): Promise<RawBed> {
    const bed: { started?: RawBed } = {};
    const backend = await RawServer.listen((peer) => {
      peer.send(frame(Type.SETTINGS, 0, 0, settings));
      peer.onFrame = ({ type, flags, stream }) => {
        const ends = type === Type.DATA || type === Type.HEADERS;
        if (ends && (flags & Flag.END_STREAM) !== 0) bed.started?.respond(peer, stream);
      };
    });
    const port = await freePort();
    const service = { package: 'afrouter.test', service: 'Echo', proto: 'protos/echo.proto' };
    const daemon = await Daemon.start(routingFile(port, [service], 'server', [backend.port]));
    bed.started = new RawBed(daemon, port, backend);
    await daemon.untilOpen([connectionName(0)]);
    return bed.started;
  }

  /** A new client connection. */
  dial(settings?: Buffer): Promise<RawPeer> {
    return RawPeer.dial(this.port, settings);
  }

  /** Waits until calls are answered (a fault may have cost the backend's connection) and returns that connection. */
  async untilServing(): Promise<RawPeer> {
    this.respond = (peer, stream) => peer.send(...goodAnswer(stream));
    await eventually('a call is answered', async () => (await this.client.call('Unary', {})).code === 0);
    return this.backend.peers.at(-1)!;
  }

  /** Waits for the answer to a good call on this client connection: it and its other streams live. */
  async serves(client: RawPeer, stream: number): Promise<void> {
    client.request(stream, UNARY);
    client.send(frame(Type.DATA, Flag.END_STREAM, stream, MESSAGE));
    await client.untilFrame(`stream ${stream} is answered`, (each) => {
      return each.stream === stream && each.type === Type.HEADERS && (each.flags & Flag.END_STREAM) !== 0;
    });
  }

  async stop(): Promise<void> {
    this.client.stop();
    await this.daemon.stop();
    await this.backend.stop();
  }
}

/** Waits for RST_STREAM on a stream and returns its error code. */
export async function resetCode(peer: RawPeer, stream: number): Promise<number> {
  const { payload } = await peer.untilFrame(`RST_STREAM on ${stream}`, (each) => {
    return each.type === Type.RST_STREAM && each.stream === stream;
  });
  return payload.readUInt32BE(0);
}

/** Waits for GOAWAY with an error and returns its code. */
export async function goawayCode(peer: RawPeer): Promise<number> {
  const { payload } = await peer.untilFrame('GOAWAY', ({ type }) => type === Type.GOAWAY);
  return payload.readUInt32BE(4);
}
