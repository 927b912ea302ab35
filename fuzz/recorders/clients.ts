import { once } from 'node:events';
import { connect } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { HeaderField, Indexing } from '../../src/http2/hpack/header-field.js';
import { HeaderList } from '../../src/http2/hpack/header-list.js';
import { ServerSession, type ServerSessionOwner } from '../../src/http2/session/server-session.js';
import type { Stream, StreamHandler } from '../../src/http2/stream/stream.js';
import { saveCorpus } from '../store.js';
import { sessionContext, sessionOptions } from '../targets/session-setup.js';

const headers = new HeaderList([
  new HeaderField(':status', '200', Indexing.repeated),
  new HeaderField('content-type', 'application/grpc', Indexing.repeated),
]);
const trailers = new HeaderList([new HeaderField('grpc-status', '0', Indexing.repeated)]);

/** Sends back what comes: messages as they are, so it serves methods of all four kinds. */
class Echo implements StreamHandler {
  private readonly stream: Stream;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  onData(buf: Buffer, start: number, end: number, endStream: boolean): void {
    this.stream.sendData(buf, start, end, false);
    this.stream.consume(end - start);
    if (endStream) this.stream.sendTrailers(trailers);
  }

  onHeaders(): void {}
  onTrailers(): void {
    this.stream.sendTrailers(trailers);
  }

  onReset(): void {}
  onSent(): void {}
}

const owner: ServerSessionOwner = {
  onReady() {},
  onGoaway() {},
  onClose() {},
  onLimit() {},
  onOversizedHeaders() {},
  onStream(stream: Stream, _list: HeaderList, endStream: boolean) {
    stream.handler = new Echo(stream);
    stream.sendHeaders(headers, undefined, false);
    if (endStream) stream.sendTrailers(trailers);
  },
};

/** Records what the first connection sends while `act` uses the server at this port. */
async function record(name: string, act: (port: number) => Promise<void>): Promise<void> {
  const received: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const first = sockets.push(socket) === 1;
    socket.on('data', (chunk: Buffer) => {
      if (first) received.push(Buffer.from(chunk));
    });
    new ServerSession(socket, sessionContext(), sessionOptions(), owner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await act((server.address() as AddressInfo).port);
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
  saveCorpus('from-clients', name, Buffer.concat(received));
}

const same = (bytes: Buffer): Buffer => bytes;
const PATH = '/afrouter.test.Echo/Any';

async function withClient(port: number, act: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  await act(client);
  client.close();
}

function unary(client: Client, request: Buffer, metadata: Metadata, timeoutMs: number): Promise<void> {
  const options = { deadline: Date.now() + timeoutMs };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(PATH, same, same, request, metadata, options, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

function over(call: ClientDuplexStream<Buffer, Buffer>): Promise<void> {
  return new Promise((resolve) => call.once('status', () => resolve()));
}

function metadataOf(entries: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return metadata;
}

/** Writes fuzz/corpus/from-clients. */
export async function recordClients(): Promise<void> {
  await record('grpc-js-unary', (port) =>
    withClient(port, async (client) => {
      for (let i = 0; i < 4; i++) {
        await unary(client, Buffer.from(`request ${i}`), metadataOf({ device: `d${i}`, token: 'secret' }), 10_000);
      }
    }),
  );
  await record('grpc-js-streams', (port) =>
    withClient(port, async (client) => {
      const call = client.makeBidiStreamRequest(PATH, same, same);
      for (let i = 0; i < 10; i++) call.write(Buffer.alloc(i * 30, i));
      call.on('data', () => {});
      call.end();
      await over(call);
      const upload = client.makeBidiStreamRequest(PATH, same, same);
      upload.write(Buffer.alloc(20_000, 1));
      upload.on('data', () => {});
      upload.end();
      await over(upload);
    }),
  );
  await record('grpc-js-large-headers', (port) =>
    withClient(port, async (client) => {
      // Over one frame: HEADERS and CONTINUATION.
      const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`key-${i}`, '{}~^|'.repeat(60)]));
      await unary(client, Buffer.from('x'), metadataOf(many), 10_000);
      await unary(client, Buffer.from('x'), metadataOf({ short: 'v' }), 10_000);
    }),
  );
  await record('grpc-js-cancelled', (port) =>
    withClient(port, async (client) => {
      for (let i = 0; i < 5; i++) {
        const call = client.makeBidiStreamRequest(PATH, same, same);
        call.on('error', () => {});
        call.on('data', () => call.cancel());
        call.write(Buffer.from('first'));
        await over(call);
      }
    }),
  );
  await record('node-http2', nodeClient);
}

/** What grpc-js has no use for: PING, SETTINGS in between, trailers of a request, sensitive fields, GOAWAY. */
async function nodeClient(port: number): Promise<void> {
  const session = connect(`http://127.0.0.1:${port}`, {
    settings: { initialWindowSize: 20_000, headerTableSize: 200 },
  });
  await once(session, 'connect');
  await new Promise((resolve) => session.ping(resolve));
  for (let i = 0; i < 3; i++) {
    const stream = session.request({ ':method': 'POST', ':path': PATH, secret: 'value' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ checksum: String(i) }));
    stream.end(Buffer.alloc(5 + i));
    stream.resume();
    await once(stream, 'close');
    session.settings({ initialWindowSize: 1000 * (i + 1), headerTableSize: 4096 * i });
  }
  session.goaway(0);
  session.close();
  if (!session.destroyed) await once(session, 'close');
}
