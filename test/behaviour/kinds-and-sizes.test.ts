import assert from 'node:assert/strict';
import { connect, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import type { ClientDuplexStream, Metadata, StatusObject } from '@grpc/grpc-js';
import { Bed, roundRobin } from '../support/bed.js';
import { metadataOf } from '../support/client.js';
import { Daemon } from '../support/daemon.js';
import { answerTo, type EchoRequest, type EchoResponse, echo, echoService } from '../support/echo.js';
import { eventually, within } from '../support/eventually.js';
import { grpcMessage } from '../support/frames.js';
import { freePort } from '../support/free-ports.js';
import type { ReplicaCall } from '../support/replica-call.js';

const SIZES: Readonly<Record<string, number>> = {
  '0 B': 0,
  '1 B': 1,
  '16 KiB': 16 * 1024,
  '1 MiB': 1024 * 1024,
  '4 MiB': 4 * 1024 * 1024,
};
/** One connection, and a fan-out to two: the bytes take different ways. */
const WAYS = ['single', 'pair'] as const;

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: {
      single: { s: { replicas: ['s1'], type: 'server' } },
      pair: { p: ['p1', 'p2'] },
    },
    routes: [
      {
        name: 'way',
        type: 'source',
        routing_field: 'key',
        backend_cluster: 'pair',
        methods: ['Unary', 'ServerStream', 'ClientStream', 'Bidi'],
      },
      roundRobin('plain', 'single', ['Aim', 'Receive']),
      roundRobin('plain-pair', 'pair', ['Get']),
    ],
  });
});

after(() => bed.stop());
afterEach(() => bed.handle());

const destination = { single: 's', pair: 'p' } as const;
const replicas = { single: 1, pair: 2 } as const;

/** The payload is the router's to carry, not to understand: every byte is checked. */
function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8)) & 255;
  return bytes;
}

// The client methods of each kind are used here as an application uses them, not the stream that serves other tests.
function definition(method: string) {
  const { path, requestSerialize, responseDeserialize } = echoService[method]!;
  return [
    path,
    requestSerialize as unknown as (request: EchoRequest) => Buffer,
    responseDeserialize as unknown as (bytes: Buffer) => EchoResponse,
  ] as const;
}

function unary(method: string, request: EchoRequest, metadata = metadataOf()): Promise<EchoResponse> {
  return new Promise((resolve, reject) => {
    bed.client.raw.makeUnaryRequest(...definition(method), request, metadata, {}, (error, response) =>
      error ? reject(error) : resolve(response!),
    );
  });
}

function clientStream(requests: readonly EchoRequest[]): Promise<EchoResponse> {
  return new Promise((resolve, reject) => {
    const call = bed.client.raw.makeClientStreamRequest(
      ...definition('ClientStream'),
      metadataOf(),
      {},
      (error, response) => (error ? reject(error) : resolve(response!)),
    );
    for (const request of requests) call.write(request);
    call.end();
  });
}

async function serverStream(request: EchoRequest): Promise<EchoResponse[]> {
  const responses: EchoResponse[] = [];
  const call = bed.client.raw.makeServerStreamRequest(...definition('ServerStream'), request, metadataOf(), {});
  for await (const response of call) responses.push(response as EchoResponse);
  return responses;
}

async function bidi(requests: readonly EchoRequest[]): Promise<EchoResponse[]> {
  const responses: EchoResponse[] = [];
  const call: ClientDuplexStream<EchoRequest, EchoResponse> = bed.client.raw.makeBidiStreamRequest(
    ...definition('Bidi'),
    metadataOf(),
    {},
  );
  for (const request of requests) call.write(request);
  call.end();
  for await (const response of call) responses.push(response as EchoResponse);
  return responses;
}

for (const [name, size] of Object.entries(SIZES)) {
  for (const way of WAYS) {
    const payload = pattern(size);
    const key = destination[way];

    test(`unary, ${name}, ${way}`, async () => {
      assert.ok((await unary('Unary', { key, payload })).payload.equals(payload));
    });

    test(`server streaming, ${name}, ${way}`, async () => {
      const responses = await serverStream({ key, payload, plan: { responses: 3 } });
      assert.equal(responses.length, 3 * replicas[way]);
      for (const response of responses) assert.ok(response.payload.equals(payload));
    });

    test(`client streaming, ${name}, ${way}`, async () => {
      const response = await clientStream([{ key, payload }, { payload }, { payload }]);
      assert.ok(response.payload.equals(payload));
      assert.equal(response.received, 3);
      assert.equal(response.receivedBytes, String(3 * size));
    });

    test(`bidirectional, ${name}, ${way}`, async () => {
      const responses = await bidi([{ key, payload }, { payload }, { payload }]);
      assert.equal(responses.length, 3 * replicas[way]);
      for (const response of responses) assert.ok(response.payload.equals(payload));
    });
  }
}

test('messages without any bytes: the gRPC prefix alone', async () => {
  bed.handle((call) =>
    call.whenHalfClosed(() => {
      call.answer({});
      call.end();
    }),
  );
  for (const method of ['Aim', 'Get', 'Receive']) {
    const { code, messages } = await bed.client.call(method, {});
    assert.equal(code, 0);
    assert.equal(messages.length, 1, method);
  }
});

test('ASCII and binary metadata pass both ways: headers, trailers, repeated keys, empty values', async () => {
  const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const sent = { 'x-text': 'plain; text, with = signs', 'x-twice': ['1', '2'], 'x-empty': '', 'x-bytes-bin': binary };
  let got: Metadata | undefined;
  bed.handle((call) => {
    got = call.metadata;
    call.sendHeaders(metadataOf({ 'x-head': ['h1', 'h2'], 'x-head-bin': binary, 'x-long': 'l'.repeat(4000) }));
    call.whenHalfClosed(() => {
      call.answer({});
      call.end(metadataOf({ 'x-trail': 't', 'x-trail-bin': Buffer.from([0, 255]) }));
    });
  });
  for (const method of ['Aim', 'Get', 'Receive']) {
    const { code, headers, trailers } = await bed.client.call(method, {}, { metadata: sent });
    assert.equal(code, 0);
    assert.deepEqual(got!.get('x-text'), ['plain; text, with = signs']);
    assert.equal(got!.get('x-twice').join(',').replaceAll(' ', ''), '1,2');
    assert.deepEqual(got!.get('x-empty'), ['']);
    assert.deepEqual(got!.get('x-bytes-bin'), [binary]);
    assert.equal(headers!.get('x-head').join(',').replaceAll(' ', ''), 'h1,h2');
    assert.deepEqual(headers!.get('x-head-bin'), [binary]);
    assert.deepEqual(headers!.get('x-long'), ['l'.repeat(4000)]);
    assert.deepEqual(trailers.get('x-trail'), ['t']);
    assert.deepEqual(trailers.get('x-trail-bin'), [Buffer.from([0, 255])]);
  }
});

test('a Trailers-Only error keeps its code, its message in any script, and its status details', async () => {
  const details = Buffer.from([10, 3, 1, 2, 3, 0, 255]);
  bed.handle((call) =>
    call.fail(6, 'gibt es schon: 設備 “7” 100%\n', metadataOf({ 'grpc-status-details-bin': details })),
  );
  for (const method of ['Aim', 'Get', 'Receive']) {
    const outcome = await bed.client.call(method, {});
    assert.equal(outcome.code, 6);
    assert.equal(outcome.details, 'gibt es schon: 設備 “7” 100%\n');
    assert.deepEqual(outcome.trailers.get('grpc-status-details-bin'), [details]);
    assert.equal(outcome.headers, undefined);
    assert.equal(outcome.messages.length, 0);
  }
});

test('every status code passes', async () => {
  for (let code = 1; code <= 16; code++) {
    const outcome = await bed.client.call('Aim', { plan: { status: code, statusMessage: `code ${code}` } });
    assert.equal(outcome.code, code);
    assert.equal(outcome.details, `code ${code}`);
  }
});

test('the error object of a client has code, details and metadata', async () => {
  bed.handle((call) => call.fail(7, 'no', metadataOf({ 'x-why': 'because' })));
  await assert.rejects(unary('Aim', {}), (error: StatusObject & Error) => {
    assert.equal(error.code, 7);
    assert.equal(error.details, 'no');
    assert.deepEqual(error.metadata.get('x-why'), ['because']);
    return true;
  });
});

for (const [method, key] of [
  ['Unary', 's'],
  ['Unary', 'p'],
  ['ServerStream', 'p'],
  ['ClientStream', 'p'],
  ['Bidi', 's'],
  ['Bidi', 'p'],
] as const) {
  test(`a client’s cancellation arrives at every replica (${method}, ${key})`, async () => {
    const at: ReplicaCall[] = [];
    bed.handle((call) => at.push(call));
    const call = bed.client.open(method).send({ key });
    await eventually(
      'the replicas have it',
      () => at.length === (key === 's' ? 1 : 2) && at.every((each) => each.requests.length === 1),
    );
    assert.ok(at.every(({ cancelled }) => !cancelled));
    call.cancel();
    await eventually('the replicas are cancelled', () => at.every(({ cancelled }) => cancelled));
    assert.equal((await call.outcome).code, 1);
  });

  test(`a deadline arrives at every replica, and ends the call (${method}, ${key})`, async () => {
    const at: ReplicaCall[] = [];
    const deadlines: number[] = [];
    bed.handle((call) => {
      at.push(call);
      deadlines.push(call.deadlineMs);
    });
    const call = bed.client.open(method, { deadlineMs: 800 }).send({ key });
    const { code } = await call.outcome;
    assert.equal(code, 4);
    await eventually('the replicas are cancelled', () => at.length > 0 && at.every(({ cancelled }) => cancelled));
    for (const ms of deadlines) assert.ok(ms > 0 && ms <= 800, `${ms} ms`);
  });
}

test('no deadline stays none', async () => {
  const port = bed.port;
  let deadline = 0;
  bed.handle((call) => {
    deadline = call.deadlineMs;
    echo(call);
  });
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request(head('/afrouter.test.Echo/Aim'));
  stream.end(grpcMessage(Buffer.alloc(0)));
  const trailers = await trailersOf(stream);
  session.close();
  assert.equal(trailers['grpc-status'], '0');
  assert.equal(deadline, Number.POSITIVE_INFINITY);
});

test('a client may half-close after its answer has begun', async () => {
  const call = bed.client.open('Bidi').send({ key: 'p' });
  await call.untilMessages(2);
  call.send({ key: 'more' });
  await call.untilMessages(4);
  assert.equal((await call.halfClose().outcome).code, 0);
});

test('a replica that ends early ends the call, although the client still sends', async () => {
  bed.handle((call) => {
    call.onRequest = () => call.fail(11, 'enough');
  });
  const call = bed.client.open('Bidi').send({ key: 's' });
  const { code, details } = await call.outcome;
  assert.equal(code, 11);
  assert.equal(details, 'enough');
});

test('a large first message and a small window: the message is routed by its field', async () => {
  const payload = pattern(3 * 1024 * 1024);
  const { code, messages } = await bed.client.call('Bidi', [{ key: 'p', payload }, { payload }]);
  assert.equal(code, 0);
  assert.ok(messages.every((message) => message.payload.equals(payload)));
});

test('a message over the limit is RESOURCE_EXHAUSTED before anything is buffered', async () => {
  const session = connect(`http://127.0.0.1:${bed.port}`);
  const stream = session.request(head('/afrouter.test.Echo/Unary'));
  // Only a prefix that claims 2 GiB.
  stream.write(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]));
  const trailers = await trailersOf(stream);
  session.close();
  assert.equal(trailers['grpc-status'], '8');
});

test('an answer of unknown length passes when the replica stops and goes', async () => {
  bed.handle((call) => {
    call.answer(answerTo(call, { key: 'now' }));
    setTimeout(() => {
      call.answer(answerTo(call, { key: 'later' }));
      call.end();
    }, 100);
  });
  const { code, messages } = await bed.client.call('Receive', {});
  assert.equal(code, 0);
  assert.deepEqual(
    messages.map(({ key }) => key),
    ['now', 'later'],
  );
});

test('the deadline is enforced when the replica does not', async (t) => {
  // Neither side keeps time here: a client and a server of bare HTTP/2.
  const streams: ServerHttp2Stream[] = [];
  const server: Http2Server = createServer();
  let timeout: string | undefined;
  let closedWith: number | undefined;
  server.on('stream', (stream, headers) => {
    streams.push(stream);
    timeout = String(headers['grpc-timeout']);
    stream.on('error', () => {});
    stream.on('close', () => {
      closedWith = stream.rstCode;
    });
    stream.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = await freePort();
  const daemon = await Daemon.start({
    servers: [
      { name: 'n', address: '127.0.0.1', port, type: 'grpc', routers: [{ package: 'x', service: 'Y', router: 'r' }] },
    ],
    routers: [
      {
        name: 'r',
        package: 'x',
        service: 'Y',
        routes: [
          { name: 'all', type: 'round_robin', association: 'round_robin', backend_cluster: 'c', methods: ['*'] },
        ],
      },
    ],
    backend_clusters: [
      {
        name: 'c',
        backends: [
          {
            name: 'b',
            type: 'server',
            connections: [{ name: 'idle', addr: '127.0.0.1', port: (server.address() as AddressInfo).port }],
          },
        ],
      },
    ],
  });
  t.after(async () => {
    await daemon.stop();
    server.close();
  });
  await daemon.untilOpen(['idle']);
  const session = connect(`http://127.0.0.1:${port}`);
  t.after(() => session.destroy());
  const stream = session.request({ ...head('/x.Y/Z'), 'grpc-timeout': '300m' });
  stream.end(grpcMessage(Buffer.from('x')));
  const trailers = await trailersOf(stream);
  assert.equal(trailers['grpc-status'], '4');
  assert.match(timeout!, /^\d{1,8}[HMSmun]$/);
  await eventually('the replica’s stream is reset', () => closedWith !== undefined);
  assert.equal(closedWith, 8);
});

function head(path: string): Record<string, string> {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
}

/** The trailers of an answer, be it Trailers-Only or not. */
function trailersOf(stream: ReturnType<ReturnType<typeof connect>['request']>): Promise<Record<string, unknown>> {
  return within(
    'trailers',
    new Promise((resolve, reject) => {
      stream.on('response', (headers) => {
        if ('grpc-status' in headers) resolve(headers);
      });
      stream.on('trailers', resolve);
      stream.on('error', reject);
      stream.resume();
    }),
  );
}
