import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer, type IncomingHttpHeaders, sensitiveHeaders } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, connect as dial, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { sessionContext, sessionOptions } from '../../../fuzz/targets/session-setup.js';
import { HeaderField, Indexing } from '../hpack/header-field.js';
import { HeaderList } from '../hpack/header-list.js';
import type { Stream, StreamHandler } from '../stream/stream.js';
import { ClientSession } from './client-session.js';
import { ServerSession, type ServerSessionOwner } from './server-session.js';

// node:http2 (nghttp2) at the other end: what one side sends arrives at the other, whole and in order, both ways.

interface Field {
  readonly name: string;
  readonly value: string;
  readonly never: boolean;
}

/** One call: header fields and body chunks that are to come back as they are. */
interface Exchange {
  readonly fields: readonly Field[];
  readonly chunks: readonly Buffer[];
}

const name = fc.stringMatching(/^x-[a-z0-9]{1,8}$/);
const value = fc.oneof(
  fc.constantFrom('a', 'application/grpc', 'v'.repeat(300)),
  fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/),
);
const exchange: fc.Arbitrary<Exchange> = fc.record({
  fields: fc.uniqueArray(fc.record({ name, value, never: fc.boolean() }, { noNullPrototype: true }), {
    maxLength: 12,
    selector: (f) => f.name,
  }),
  chunks: fc.array(
    fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 90_000 })).map((bytes) => Buffer.alloc(bytes, bytes)),
    { maxLength: 5 },
  ),
});
const scenario = fc.record({
  /** Some twice over, so that tables and caches have something to find. */
  exchanges: fc.array(exchange, { minLength: 1, maxLength: 6 }).map((all) => [...all, ...all]),
  headerTableSize: fc.constantFrom(0, 100, 4096, 16384),
  laterTableSize: fc.constantFrom(0, 60, 4096),
  initialWindowSize: fc.constantFrom(1000, 65535, 300_000),
});

function listOf(pseudo: readonly [string, string][], fields: readonly Field[]): HeaderList {
  return new HeaderList([
    ...pseudo.map(([n, v]) => new HeaderField(n, v, Indexing.repeated)),
    ...fields.map((f) => new HeaderField(f.name, f.value, f.never ? Indexing.never : Indexing.repeated)),
  ]);
}

/** The fields of a test as node:http2 takes them. */
function nodeHeaders(fields: readonly Field[]): Record<string, string> & { [sensitiveHeaders]: string[] } {
  return {
    ...Object.fromEntries(fields.map((f) => [f.name, f.value])),
    [sensitiveHeaders]: fields.filter((f) => f.never).map((f) => f.name),
  };
}

/** And as it gives them. */
function fieldsOf(headers: IncomingHttpHeaders): Field[] {
  const never = (headers as unknown as { [sensitiveHeaders]?: string[] })[sensitiveHeaders] ?? [];
  return Object.entries(headers)
    .filter(([n]) => n.startsWith('x-'))
    .map(([n, v]) => ({ name: n, value: String(v), never: never.includes(n) }));
}

function oursOf(list: HeaderList): Field[] {
  return list.fields
    .filter((f) => f.name.startsWith('x-'))
    .map((f) => ({ name: f.name, value: f.value, never: f.indexing === Indexing.never }));
}

/** Sends every byte back, and the request's own fields as headers and as trailers. */
class Mirror implements StreamHandler {
  private readonly stream: Stream;
  private readonly fields: readonly Field[];

  constructor(stream: Stream, fields: readonly Field[]) {
    this.stream = stream;
    this.fields = fields;
  }
  onHeaders(): void {}
  onData(buf: Buffer, start: number, end: number, endStream: boolean): void {
    this.stream.sendData(buf, start, end, false);
    if (endStream) this.finish();
  }
  finish(): void {
    this.stream.sendTrailers(listOf([], this.fields));
  }
  onTrailers(): void {}
  onReset(): void {}
  onSent(bytes: number): void {
    this.stream.consume(bytes);
  }
}

const mirrorOwner: ServerSessionOwner = {
  onReady() {},
  onGoaway() {},
  onLimit() {},
  onClose() {},
  onOversizedHeaders() {},
  onStream(stream, list, endStream) {
    const mirror = new Mirror(stream, oursOf(list));
    stream.handler = mirror;
    stream.sendHeaders(listOf([[':status', '200']], oursOf(list)), undefined, false);
    if (endStream) mirror.finish();
  },
};

async function callOurServer(session: ClientHttp2Session, { fields, chunks }: Exchange): Promise<void> {
  const stream = session.request({ ':method': 'POST', ':path': '/a.B/C', ...nodeHeaders(fields) });
  const got: Buffer[] = [];
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on('response', (h) => {
    headers = h;
  });
  stream.on('trailers', (t) => {
    trailers = t;
  });
  stream.on('data', (chunk: Buffer) => got.push(chunk));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await once(stream, 'close');
  assert.deepEqual(fieldsOf(headers), fields);
  assert.deepEqual(fieldsOf(trailers), fields);
  assert.ok(Buffer.concat(got).equals(Buffer.concat(chunks)), 'the body is another');
}

test('a node:http2 client and our server: fields, never-indexed ones too, and bodies arrive whole both ways', async () => {
  const server = createTcpServer((socket) => {
    new ServerSession(socket, sessionContext(), sessionOptions(), mirrorOwner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ exchanges, headerTableSize, laterTableSize, initialWindowSize }) => {
      const session = connect(`http://127.0.0.1:${port}`, { settings: { headerTableSize, initialWindowSize } });
      await once(session, 'connect');
      const half = exchanges.length / 2;
      await Promise.all(exchanges.slice(0, half).map((each) => callOurServer(session, each)));
      session.settings({ headerTableSize: laterTableSize });
      for (const each of exchanges.slice(half)) await callOurServer(session, each);
      session.destroy();
      await once(session, 'close');
    }),
    { numRuns: 40 },
  );
  server.close();
});

/** One call of our client, and what it got. */
class Caller implements StreamHandler {
  readonly over: Promise<void>;
  stream: Stream | null = null;
  headers: readonly Field[] = [];
  trailers: readonly Field[] = [];
  sent = 0;
  readonly got: Buffer[] = [];
  private resolve: () => void = () => {};
  private reject: (why: Error) => void = () => {};

  constructor() {
    this.over = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
  onHeaders(list: HeaderList): void {
    this.headers = oursOf(list);
  }
  onData(buf: Buffer, start: number, end: number, endStream: boolean): void {
    this.got.push(Buffer.from(buf.subarray(start, end)));
    this.stream!.consume(end - start);
    if (endStream) this.resolve();
  }
  onTrailers(list: HeaderList): void {
    this.trailers = oursOf(list);
    this.resolve();
  }
  onReset(code: number): void {
    this.reject(new Error(`reset with ${code}`));
  }
  onSent(bytes: number): void {
    this.sent += bytes;
  }
}

async function callNodeServer(session: ClientSession, { fields, chunks }: Exchange): Promise<void> {
  const caller = new Caller();
  const list = listOf(
    [
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', '/a.B/C'],
      [':authority', 'localhost'],
    ],
    fields,
  );
  const stream = session.open(caller, list, undefined, false);
  caller.stream = stream;
  for (const chunk of chunks) stream.sendData(chunk, 0, chunk.length, false);
  stream.sendData(Buffer.alloc(0), 0, 0, true);
  await caller.over;
  assert.deepEqual(caller.headers, fields);
  assert.deepEqual(caller.trailers, fields);
  assert.ok(Buffer.concat(caller.got).equals(Buffer.concat(chunks)), 'the body is another');
  assert.equal(caller.sent, Buffer.concat(chunks).length);
}

test('our client and a node:http2 server: fields, never-indexed ones too, and bodies arrive whole both ways', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ exchanges, headerTableSize, laterTableSize, initialWindowSize }) => {
      const server = createServer({ settings: { headerTableSize, initialWindowSize } });
      server.on('stream', (stream, headers) => {
        const fields = nodeHeaders(fieldsOf(headers));
        stream.respond({ ':status': 200, ...fields }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers(fields));
        stream.session?.settings({ headerTableSize: laterTableSize });
        stream.pipe(stream);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const socket: Socket = dial((server.address() as AddressInfo).port, '127.0.0.1');
      await once(socket, 'connect');
      const session = new ClientSession(socket, sessionContext(), sessionOptions(), {
        onReady() {},
        onGoaway() {},
        onLimit() {},
        onClose() {},
        onStreamSlot() {},
      });
      const half = exchanges.length / 2;
      await Promise.all(exchanges.slice(0, half).map((each) => callNodeServer(session, each)));
      for (const each of exchanges.slice(half)) await callNodeServer(session, each);
      session.close('done');
      server.close();
      await once(server, 'close');
    }),
    { numRuns: 40 },
  );
});
