import { connect, createServer, type Server, type Socket } from 'node:net';
import { eventually } from './eventually.js';
import { Flag, type Frame, frame, grpcMessage, headerBlock, PREFACE, splitFrames, Type, uint32 } from './frames.js';
import { freePort } from './free-ports.js';

/** The header block of a gRPC call. */
export function requestBlock(path: string, extra: readonly (readonly [string, string])[] = []): Buffer {
  return headerBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
    ...extra,
  ]);
}

/** One HTTP/2 connection driven frame by frame. SETTINGS and PING are acknowledged unless it is silent; everything else is the test's. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  closed = false;
  /** Says nothing by itself any more. */
  silent = false;
  /** Called for each frame after the automatic answers. */
  onFrame: ((frame: Frame) => void) | null = null;
  private rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, skipPreface: boolean) {
    this.socket = socket;
    let preface = skipPreface ? PREFACE.length : 0;
    socket.on('data', (bytes: Buffer) => {
      this.rest = Buffer.concat([this.rest, bytes]);
      if (preface > 0) {
        if (this.rest.length < preface) return;
        this.rest = this.rest.subarray(preface);
        preface = 0;
      }
      const { frames, rest } = splitFrames(this.rest);
      this.rest = rest;
      for (const each of frames) this.take(each);
    });
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('error', () => {});
  }

  /** Connects as a client: preface and SETTINGS with this payload. */
  static async dial(port: number, settings: Buffer = Buffer.alloc(0)): Promise<RawPeer> {
    return RawPeer.dialWith(port, Buffer.concat([PREFACE, frame(Type.SETTINGS, 0, 0, settings)]));
  }

  /** Connects as whatever begins with these bytes. */
  static async dialWith(port: number, first: Buffer): Promise<RawPeer> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const peer = new RawPeer(socket, false);
    peer.send(first);
    return peer;
  }

  send(...bytes: Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(bytes));
  }

  /** HEADERS of a gRPC call. */
  request(stream: number, path: string, extra: readonly (readonly [string, string])[] = []): void {
    this.send(frame(Type.HEADERS, Flag.END_HEADERS, stream, requestBlock(path, extra)));
  }

  /** A whole call with one empty message. */
  call(stream: number, path: string): void {
    this.request(stream, path);
    this.send(frame(Type.DATA, Flag.END_STREAM, stream, grpcMessage(Buffer.alloc(0))));
  }

  halfClose(stream: number): void {
    this.send(frame(Type.DATA, Flag.END_STREAM, stream));
  }

  /** A whole answer with one empty message and status OK. */
  answer(stream: number): void {
    this.send(
      frame(Type.HEADERS, Flag.END_HEADERS, stream, headerBlock([[':status', '200']])),
      frame(Type.DATA, 0, stream, grpcMessage(Buffer.alloc(0))),
      frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, stream, headerBlock([['grpc-status', '0']])),
    );
  }

  /** The DATA of a stream so far. */
  bodyOf(stream: number): Buffer {
    return Buffer.concat(
      this.frames.filter((each) => each.type === Type.DATA && each.stream === stream).map(({ payload }) => payload),
    );
  }

  /** Streams that have been opened here. */
  get opened(): number[] {
    return this.frames.filter(({ type }) => type === Type.HEADERS).map(({ stream }) => stream);
  }

  async untilHalfClosed(stream: number): Promise<void> {
    await this.untilFrame(
      `stream ${stream} is half-closed`,
      (each) => each.stream === stream && each.type <= Type.HEADERS && (each.flags & Flag.END_STREAM) !== 0,
    );
  }

  /** The other side says GOAWAY. */
  goaway(lastId: number, code = 0): void {
    this.send(frame(Type.GOAWAY, 0, 0, Buffer.concat([uint32(lastId), uint32(code)])));
  }

  reset(stream: number, code: number): void {
    this.send(frame(Type.RST_STREAM, 0, stream, uint32(code)));
  }

  async untilFrame(what: string, wanted: (frame: Frame) => boolean): Promise<Frame> {
    return eventually(what, () => this.frames.find(wanted));
  }

  /** Waits for the END_STREAM of an answer. */
  async untilAnswered(stream: number): Promise<void> {
    await this.untilFrame(
      `stream ${stream} is answered`,
      (each) => each.type === Type.HEADERS && each.stream === stream && (each.flags & Flag.END_STREAM) !== 0,
    );
  }

  async untilClosed(): Promise<void> {
    await eventually('the connection is closed', () => this.closed);
  }

  /** Last ids of the GOAWAY frames so far. */
  get lastIds(): number[] {
    return this.frames.filter(({ type }) => type === Type.GOAWAY).map(({ payload }) => payload.readUInt32BE(0));
  }

  /** PINGs so far that ask for an answer. */
  get pings(): Frame[] {
    return this.frames.filter(({ type, flags }) => type === Type.PING && (flags & Flag.ACK) === 0);
  }

  destroy(): void {
    this.socket.destroy();
  }

  private take(each: Frame): void {
    this.frames.push(each);
    if (!this.silent && (each.flags & Flag.ACK) === 0) {
      if (each.type === Type.SETTINGS) this.send(frame(Type.SETTINGS, Flag.ACK, 0));
      if (each.type === Type.PING) this.send(frame(Type.PING, Flag.ACK, 0, each.payload));
    }
    this.onFrame?.(each);
  }
}

/** A server of raw peers. */
export class RawServer {
  readonly port: number;
  readonly peers: RawPeer[] = [];
  private readonly server: Server;

  private constructor(port: number, onPeer: (peer: RawPeer) => void) {
    this.port = port;
    this.server = createServer({ noDelay: true }, (socket) => {
      const peer = new RawPeer(socket, true);
      this.peers.push(peer);
      onPeer(peer);
    });
  }

  /** @param onPeer called for each connection; sends SETTINGS if nothing else is given */
  static async listen(
    onPeer: (peer: RawPeer) => void = (peer) => peer.send(frame(Type.SETTINGS, 0, 0)),
    port?: number,
  ): Promise<RawServer> {
    const raw = new RawServer(port ?? (await freePort()), onPeer);
    await new Promise<void>((resolve) => raw.server.listen(raw.port, '127.0.0.1', resolve));
    return raw;
  }

  /** Takes no more connections; those that are there stay. */
  stopListening(): void {
    this.server.close();
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const peer of this.peers) peer.destroy();
    await closed;
  }
}
