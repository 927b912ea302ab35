import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect, createServer, type Http2Server, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Daemon } from '../support/daemon.js';
import { grpcMessage } from '../support/frames.js';
import { freePort } from '../support/free-ports.js';
import { connectionName, routingFile } from '../support/one-backend.js';

/** What gRPC says in header fields passes between a foreign HTTP/2 client and server (node:http2) as it was sent. */

type HeaderMap = Record<string, string | string[]>;
const PATH = '/afrouter.test.Echo/Unary';

let backend: Http2Server;
let daemon: Daemon;
let client: ClientHttp2Session;
/** What the backend answers with; null in `head` ends with a Trailers-Only answer. */
let answer: { head: HeaderMap; trailers: HeaderMap | null };
let seen: IncomingHttpHeaders | null = null;

before(async () => {
  backend = createServer();
  backend.on('stream', (stream, headers) => {
    seen = headers;
    stream.on('error', () => {});
    stream.on('end', () => {
      if (answer.trailers === null) {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...answer.head }, { endStream: true });
        return;
      }
      const { trailers } = answer;
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...answer.head }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      stream.end(grpcMessage(Buffer.from('hello')));
    });
    stream.resume();
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const port = await freePort();
  const service = { package: 'afrouter.test', service: 'Echo', proto: 'protos/echo.proto' };
  daemon = await Daemon.start(routingFile(port, [service], 'server', [(backend.address() as AddressInfo).port]));
  await daemon.untilOpen([connectionName(0)]);
  client = connect(`http://127.0.0.1:${port}`);
  client.on('error', () => {});
});

after(async () => {
  client.destroy();
  await daemon.stop();
  backend.close();
});

interface Reply {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
}

/** Sends one request and waits for its end. `overrides`: undefined leaves a field out. */
async function request(overrides: Record<string, string | string[] | undefined> = {}): Promise<Reply> {
  seen = null;
  const fields: Record<string, string | string[] | undefined> = {
    ':method': 'POST',
    ':path': PATH,
    te: 'trailers',
    'content-type': 'application/grpc',
    ...overrides,
  };
  for (const [name, value] of Object.entries(fields)) if (value === undefined) delete fields[name];
  const stream = client.request(fields as HeaderMap);
  return new Promise((resolve, reject) => {
    let headers: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on('response', (got) => {
      headers = got;
    });
    stream.on('trailers', (got) => {
      trailers = got;
    });
    stream.on('error', reject);
    stream.on('close', () => resolve({ headers, trailers }));
    stream.resume();
    stream.end(grpcMessage(Buffer.from('hi')));
  });
}

const ok = { head: {}, trailers: { 'grpc-status': '0' } };

test('what the client says about the call reaches the backend untouched', async () => {
  answer = ok;
  const sent = {
    'user-agent': 'somebody/1.0',
    'grpc-timeout': '20S',
    'grpc-encoding': 'identity',
    'grpc-accept-encoding': 'gzip,identity',
    'grpc-message-type': 'afrouter.test.Request',
    'grpc-unheard-of': 'reserved, and not ours to judge',
    authorization: 'Bearer abc',
    'x-padded-bin': 'AAECAw==',
    'x-unpadded-bin': 'AAECAw',
    'x-joined-bin': 'AAEC,AwQF,',
    'x-empty': '',
    'x-text': ' !"#$%&()*+,-./:;<=>?@[]^_`{|}~'.trim(),
  };
  const { trailers } = await request(sent);
  assert.equal(trailers['grpc-status'], '0');
  for (const [name, value] of Object.entries(sent)) assert.equal(seen![name], value, name);
  assert.equal(seen!.te, 'trailers');
  assert.equal(seen!['content-type'], 'application/grpc');
  assert.equal(seen![':path'], PATH);
  assert.equal(seen![':method'], 'POST');
});

test('a key that is there twice stays so, in order', async () => {
  answer = { head: { 'x-key': ['a', 'b'] }, trailers: { 'grpc-status': '0', 'x-end-bin': ['AA', 'AQ=='] } };
  const { headers, trailers } = await request({ 'x-key': ['one', 'two'] });
  assert.equal(seen!['x-key'], 'one, two');
  assert.equal(headers['x-key'], 'a, b');
  assert.equal(trailers['x-end-bin'], 'AA, AQ==');
});

test('a backend always gets te: trailers, also from a client that forgot it', async () => {
  answer = ok;
  await request({ te: undefined });
  assert.equal(seen!.te, 'trailers');
});

test('headers, trailers, message and details of the answer pass untouched', async () => {
  const trailers = {
    'grpc-status': '9',
    'grpc-message': 'h%C3%A9 100%25 %zz % %4',
    'grpc-status-details-bin': 'CAkSAWE',
    'grpc-unheard-of': 'x',
  };
  answer = { head: { 'grpc-encoding': 'identity', 'x-a-bin': '/+8' }, trailers };
  const reply = await request();
  for (const [name, value] of Object.entries(trailers)) assert.equal(reply.trailers[name], value, name);
  assert.equal(reply.headers['x-a-bin'], '/+8');
  assert.equal(reply.headers['grpc-encoding'], 'identity');
});

test('a Trailers-Only answer stays one', async () => {
  answer = { head: { 'grpc-status': '5', 'grpc-message': 'gone', 'x-why': 'moved' }, trailers: null };
  const { headers, trailers } = await request();
  assert.deepEqual(Object.keys(trailers), []);
  assert.equal(headers[':status'], 200);
  assert.equal(headers['grpc-status'], '5');
  assert.equal(headers['grpc-message'], 'gone');
  assert.equal(headers['x-why'], 'moved');
});

test('the router’s own errors are Trailers-Only, with HTTP 200, a content-type and an encoded message', async () => {
  const { headers } = await request({ ':path': '/afrouter.test.Echo/N%C3%B6' });
  assert.equal(headers[':status'], 200);
  assert.equal(headers['content-type'], 'application/grpc');
  assert.equal(headers['grpc-status'], '12');
  assert.match(String(headers['grpc-message']), /N%25C3%25B6/);
  assert.equal(seen, null);
});

for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc+json', 'application/grpc;a=b']) {
  test(`content-type ${type} is gRPC`, async () => {
    answer = ok;
    const { trailers } = await request({ 'content-type': type });
    assert.equal(trailers['grpc-status'], '0');
    assert.equal(seen!['content-type'], type);
  });
}

for (const type of ['application/grpc-web', 'application/grpcx', 'application/json', 'text/plain', undefined]) {
  test(`content-type ${type ?? 'missing'} is answered 415`, async () => {
    assert.equal((await request({ 'content-type': type })).headers[':status'], 415);
    assert.equal(seen, null);
  });
}

for (const method of ['PUT', 'OPTIONS']) {
  test(`${method} is answered 405, and told that POST is allowed`, async () => {
    const { headers } = await request({ ':method': method });
    assert.equal(headers[':status'], 405);
    assert.equal(headers.allow, 'POST');
    assert.equal(seen, null);
  });
}

for (const timeout of ['1', 'S', '123456789S', '-1S', '1.5S', '1s', '+1S', '1S ,2S', '0x1S']) {
  test(`grpc-timeout ${timeout} is refused`, async () => {
    const { headers } = await request({ 'grpc-timeout': timeout });
    assert.equal(headers['grpc-status'], '13');
    assert.match(String(headers['grpc-message']), /grpc-timeout/);
    assert.equal(seen, null);
  });
}

for (const timeout of ['1H', '99999999H', '60M', '20S', '20000m', '20000000u', '99999999n']) {
  test(`grpc-timeout ${timeout} passes as it is`, async () => {
    answer = ok;
    await request({ 'grpc-timeout': timeout });
    assert.equal(seen!['grpc-timeout'], timeout);
  });
}
