import { once } from 'node:events';
import { createServer } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { type handleBidiStreamingCall, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { HeaderField, Indexing } from '../../src/http2/hpack/header-field.js';
import { HeaderList } from '../../src/http2/hpack/header-list.js';
import { ClientSession } from '../../src/http2/session/client-session.js';
import type { StreamHandler } from '../../src/http2/stream/stream.js';
import { grpcMessage } from '../../test/support/frames.js';
import { saveCorpus } from '../store.js';
import { sessionContext, sessionOptions } from '../targets/session-setup.js';

/** Asks for one thing and takes all of the answer. */
class Ask implements StreamHandler {
  readonly over: Promise<void>;
  private end: () => void = () => {};
  consume: (bytes: number) => void = () => {};

  constructor() {
    this.over = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  onHeaders(_list: HeaderList, endStream: boolean): void {
    if (endStream) this.end();
  }

  onData(_buf: Buffer, start: number, end: number, endStream: boolean): void {
    this.consume(end - start);
    if (endStream) this.end();
  }

  onTrailers(): void {
    this.end();
  }

  onReset(): void {
    this.end();
  }

  onSent(): void {}
}

function request(path: string): HeaderList {
  const fields: [string, string][] = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
  ];
  return new HeaderList(fields.map(([name, value]) => new HeaderField(name, value, Indexing.repeated)));
}

/** Records what the server at this port answers to one call after the other. */
async function record(name: string, port: number, paths: readonly string[], more: () => Promise<void>): Promise<void> {
  const received: Buffer[] = [];
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('data', (chunk: Buffer) => received.push(Buffer.from(chunk)));
  const session = new ClientSession(socket, sessionContext(), sessionOptions(), {
    onReady() {},
    onGoaway() {},
    onClose() {},
    onLimit() {},
    onStreamSlot() {},
  });
  for (const path of paths) {
    const ask = new Ask();
    const stream = session.open(ask, request(path), undefined, false);
    ask.consume = (bytes) => stream.consume(bytes);
    const message = grpcMessage(Buffer.from('a request'));
    stream.sendData(message, 0, message.length, true);
    await ask.over;
  }
  await more();
  socket.destroy();
  saveCorpus('from-servers', name, Buffer.concat(received));
}

const NOTHING = async (): Promise<void> => {};

/** Writes fuzz/corpus/from-servers. */
export async function recordServers(): Promise<void> {
  const server = new Server();
  server.addService(service, { Any: answer });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const any = '/afrouter.test.Echo/Any';
  await record('grpc-js-answers', port, [any, any, any, any, any], NOTHING);
  await record('grpc-js-unimplemented', port, ['/no.Service/Method', any, '/no.Service/Other'], NOTHING);
  await record('grpc-js-goaway', port, [any, any], () => new Promise((resolve) => server.tryShutdown(() => resolve())));
  await recordNodeServer();
}

const same = (bytes: Buffer): Buffer => bytes;
const service = {
  Any: {
    path: '/afrouter.test.Echo/Any',
    requestStream: true,
    responseStream: true,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  },
};

let calls = 0;
/** One answer after the other: short, long, many, with large trailers, an error. */
const answer: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
  const kind = calls++ % 5;
  call.on('data', () => {});
  call.on('end', () => {
    if (kind === 4) {
      call.emit('error', { code: status.FAILED_PRECONDITION, details: 'not now: täglich' });
      return;
    }
    const metadata = new Metadata();
    if (kind === 3) for (let i = 0; i < 60; i++) metadata.set(`key-${i}`, '{}~^|'.repeat(60));
    if (kind === 1) call.write(Buffer.alloc(18_000, 1));
    else for (let i = 0; i <= kind * 3; i++) call.write(Buffer.from(`answer ${i}`));
    call.end(metadata);
  });
};

/** What grpc-js does not do: PING, SETTINGS in between, padding, an informational answer, a stream refused. */
async function recordNodeServer(): Promise<void> {
  const server = createServer({ settings: { maxConcurrentStreams: 3, initialWindowSize: 5000 } });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {
      // As it is told to: one is refused.
    });
    if (headers[':path'] === '/refused') {
      stream.close(7);
      return;
    }
    stream.additionalHeaders({ ':status': 103, link: '</a>' });
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', secret: 's' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.session?.ping(() => {});
    stream.session?.settings({ initialWindowSize: 70_000, maxConcurrentStreams: 100, headerTableSize: 100 });
    stream.end(grpcMessage(Buffer.from('an answer')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await record('node-http2', port, ['/one', '/refused', '/two'], NOTHING);
  server.close();
}
