import assert from 'node:assert/strict';
import { connect, createServer, type Http2Server, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Daemon } from '../support/daemon.js';
import { grpcMessage } from '../support/frames.js';
import { freePort } from '../support/free-ports.js';
import { connectionName, routingFile } from '../support/one-backend.js';

/** Where the router changes a body, its content-length may not go on: a foreign peer (node:http2) would refuse the message. */

const MESSAGE = grpcMessage(Buffer.from([0x0a, 1, 0x6b]));

let backends: Http2Server[];
let daemon: Daemon;
let port: number;
/** What each backend got, and how many octets of body. */
const seen: { headers: IncomingHttpHeaders; bytes: number }[] = [];

before(async () => {
  backends = [await backend(), await backend()];
  port = await freePort();
  const service = { package: 'afrouter.test', service: 'Echo', proto: 'protos/echo.proto' };
  const ports = backends.map((each) => (each.address() as AddressInfo).port);
  const association = { strategy: 'serial_number', location: 'protobuf', field: 'transaction' };
  daemon = await Daemon.start(routingFile(port, [service], 'active_active', ports, { association }));
  await daemon.untilOpen(ports.map((_, i) => connectionName(i)));
});

after(async () => {
  await daemon.stop();
  for (const each of backends) each.close();
});

async function backend(): Promise<Http2Server> {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    let bytes = 0;
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('end', () => {
      seen.push({ headers, bytes });
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'content-length': MESSAGE.length },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(MESSAGE);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

interface Reply {
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
  bytes: number;
}

async function call(method: string): Promise<Reply> {
  seen.length = 0;
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  const stream = session.request({
    ':method': 'POST',
    ':path': `/afrouter.test.Echo/${method}`,
    te: 'trailers',
    'content-type': 'application/grpc',
    'content-length': MESSAGE.length,
  });
  const reply: Reply = { headers: {}, trailers: {}, bytes: 0 };
  stream.on('response', (headers) => {
    reply.headers = headers;
  });
  stream.on('trailers', (trailers) => {
    reply.trailers = trailers;
  });
  stream.on('data', (chunk: Buffer) => {
    reply.bytes += chunk.length;
  });
  stream.end(MESSAGE);
  await new Promise<void>((resolve, reject) => stream.on('close', resolve).on('error', reject));
  session.close();
  return reply;
}

test('a request that gets a field appended loses its content-length', async () => {
  const { trailers } = await call('ServerStream');
  assert.equal(trailers['grpc-status'], '0');
  assert.equal(seen.length, 2);
  for (const { headers, bytes } of seen) {
    assert.equal(headers['content-length'], undefined);
    assert.ok(bytes > MESSAGE.length);
  }
});

test('a merged answer loses the content-length of the first replica', async () => {
  const { headers, trailers, bytes } = await call('ServerStream');
  assert.equal(trailers['grpc-status'], '0');
  assert.equal(headers['content-length'], undefined);
  assert.equal(bytes, 2 * MESSAGE.length);
});

test('an answer of one replica keeps its content-length', async () => {
  const { headers, trailers, bytes } = await call('Unary');
  assert.equal(trailers['grpc-status'], '0');
  assert.equal(headers['content-length'], String(MESSAGE.length));
  assert.equal(bytes, MESSAGE.length);
});
