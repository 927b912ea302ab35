import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Bed, type BedPlan, roundRobin } from '../support/bed.js';
import type { Outcome } from '../support/client.js';
import { answerWithoutEnd } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js';

const SPAN = '00f067aa0ba902b7';
const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

const PLAN: BedPlan = {
  clusters: { shards: { a: ['a1', 'a2'] } },
  routes: [roundRobin('turns', 'shards')],
};

const METHOD = 'afrouter.test.Echo/Unary';

/** A trace id that no other test uses. */
let traces = 0;
const newTrace = (): string => (++traces).toString(16).padStart(32, 'abcdef0123456789');

const meta = (traceId: string, flags = '01') => ({
  traceparent: `00-${traceId}-${SPAN}-${flags}`,
  tracestate: 'a=1,b=2',
});

/** What each replica got of these metadata keys. */
const got = (bed: Bed, key: string): string[][] =>
  [...bed.replicas.values()].map((replica) => [...replica.calls.at(-1)!.meta(key)]);

describe('without OpenTelemetry', () => {
  let bed: Bed;
  before(async () => {
    bed = await Bed.start(PLAN);
  });
  after(() => bed.stop());

  test('traceparent and tracestate reach every replica untouched, also what is none', async () => {
    const values = [
      { traceparent: `00-${newTrace()}-${SPAN}-01`, tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE' },
      { traceparent: `00-${newTrace()}-${SPAN}-00`, tracestate: '' },
      { traceparent: 'no trace context at all', tracestate: ',,,' },
      { traceparent: `cc-${newTrace()}-${SPAN}-03-what-the-future-brings`, tracestate: 'x=1' },
    ];
    for (const metadata of values) {
      assert.equal((await bed.client.call('Unary', {}, { metadata })).code, 0);
      for (const [key, value] of Object.entries(metadata)) assert.deepEqual(got(bed, key), [[value], [value]]);
    }
    assert.equal((await bed.client.call('Unary', {})).code, 0);
    for (const key of ['traceparent', 'tracestate']) assert.deepEqual(got(bed, key), [[], []], 'none is made up');
  });
});

describe('with OpenTelemetry', () => {
  let bed: Bed;
  let receiver: OtlpReceiver;
  before(async () => {
    receiver = await OtlpReceiver.start();
    bed = await Bed.start({
      ...PLAN,
      daemon: {
        env: {
          AFROUTER_OTEL: 'true',
          AFROUTER_OTEL_SAMPLE: '1',
          AFROUTER_ACCESS_LOG: 'all',
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
          OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
          OTEL_BSP_SCHEDULE_DELAY: '50',
        },
      },
    });
  });
  after(async () => {
    await bed.stop();
    receiver.stop();
  });
  afterEach(() => bed.handle());

  const call = (traceId: string, request: object = {}): Promise<Outcome<unknown>> =>
    bed.client.call('Unary', request, { metadata: meta(traceId) });

  /** The call's span and those of its legs, by connection. */
  const sorted = (spans: readonly ReceivedSpan[]): [ReceivedSpan, ReceivedSpan[]] => {
    const [parent, ...more] = spans.filter(({ kind }) => kind === SERVER);
    assert.deepEqual(more, []);
    const legs = spans.filter(({ kind }) => kind === CLIENT);
    return [parent!, legs.sort((a, b) => (a.name < b.name ? -1 : 1))];
  };

  test('a call is a span under its caller’s, with a child for each replica that says how it came out', async () => {
    const traceId = newTrace();
    assert.equal((await call(traceId, { plan: { delayMs: 20 } })).code, 0);
    const [span, legs] = sorted(await receiver.untilTrace(traceId, 3));
    assert.equal(span.name, METHOD);
    assert.equal(span.parentId, SPAN);
    assert.deepEqual(
      legs.map(({ name }) => name),
      ['replica a1', 'replica a2'],
    );
    assert.deepEqual(
      legs.map(({ parentId }) => parentId),
      [span.spanId, span.spanId],
    );
    assert.deepEqual(legs.map(({ attributes }) => attributes['afrouter.outcome']).sort(), ['active', 'discarded']);
    const { attributes, resource } = span;
    assert.equal(attributes['rpc.system'], 'grpc');
    assert.equal(attributes['rpc.service'], 'afrouter.test.Echo');
    assert.equal(attributes['rpc.method'], 'Unary');
    assert.equal(attributes['rpc.grpc.status_code'], 0);
    assert.equal(attributes['afrouter.backend'], 'a');
    assert.equal(attributes['afrouter.route'], 'turns');
    assert.equal(resource['service.name'], 'afrouter');
    assert.equal(resource['deployment.environment.name'], 'test');
    for (const leg of legs) {
      assert.ok(leg.start >= span.start && leg.end <= span.end, 'a leg lies within its call');
      assert.ok(leg.end - leg.start >= 19_000_000n, `${leg.end - leg.start} ns`);
    }
    const line = bed.daemon.lines.find(({ event, trace }) => event === 'call' && trace === traceId)!;
    assert.equal(line.call, attributes['afrouter.call'], 'the access log and the trace join');
  });

  test('replicas get the router’s span as their parent, and tracestate as it was', async () => {
    const traceId = newTrace();
    await call(traceId);
    const [span] = sorted(await receiver.untilTrace(traceId, 3));
    const parent = `00-${traceId}-${span.spanId}-01`;
    assert.deepEqual(got(bed, 'traceparent'), [[parent], [parent]]);
    assert.deepEqual(got(bed, 'tracestate'), [['a=1,b=2'], ['a=1,b=2']]);
  });

  test('a call whose caller is not sampled is not, and its trace context passes untouched', async () => {
    const traceId = newTrace();
    const metadata = meta(traceId, '00');
    await bed.client.call('Unary', {}, { metadata });
    assert.deepEqual(got(bed, 'traceparent'), [[metadata.traceparent], [metadata.traceparent]]);
    const later = newTrace();
    await call(later);
    await receiver.untilTrace(later, 3);
    assert.deepEqual(
      receiver.spans.filter((span) => span.traceId === traceId),
      [],
    );
  });

  test('a call without a trace context, or with one that cannot be read, begins a trace', async () => {
    await bed.client.call('Unary', {});
    const [[begun]] = got(bed, 'traceparent') as [[string]];
    const [, traceId] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(begun)!;
    const [root] = sorted(await receiver.untilTrace(traceId!, 3));
    assert.equal(root.parentId, '');
    await bed.client.call('Unary', {}, { metadata: { traceparent: 'unreadable', tracestate: 'left=over' } });
    assert.match(got(bed, 'traceparent')[0]![0]!, /^00-/);
    assert.deepEqual(got(bed, 'tracestate'), [[], []], 'its tracestate means nothing without it');
  });

  test('a replica that declined or was lost says so', async () => {
    bed.replica('a1').handler = (each) => each.whenHalfClosed(() => each.fail(1, 'transaction-not-acquired'));
    const declined = newTrace();
    await call(declined);
    const [, legs] = sorted(await receiver.untilTrace(declined, 3));
    assert.deepEqual(
      legs.map(({ attributes }) => attributes['afrouter.outcome']),
      ['not-acquired', 'active'],
    );
    bed.handle(() => {});
    const lost = newTrace();
    const open = bed.client
      .open('Unary', { metadata: meta(lost) })
      .send({})
      .halfClose();
    await eventually('both have it', () => got(bed, 'traceparent').every(([parent]) => parent!.includes(lost)));
    await bed.kill('a1');
    await bed.kill('a2');
    assert.equal((await open.outcome).code, 14);
    const [span, gone] = sorted(await receiver.untilTrace(lost, 3));
    assert.deepEqual(
      gone.map(({ attributes }) => attributes['afrouter.outcome']),
      ['lost', 'lost'],
    );
    assert.deepEqual(
      [span, ...gone].map(({ status }) => status),
      [ERROR, ERROR, ERROR],
    );
    await bed.revive('a1');
    await bed.revive('a2');
  });

  test('a call that is cancelled has its replicas in the trace, too', async () => {
    bed.handle(answerWithoutEnd);
    const traceId = newTrace();
    const open = bed.client.open('Bidi', { metadata: meta(traceId) }).send({});
    await open.untilMessages(2);
    open.cancel();
    const [span, legs] = sorted(await receiver.untilTrace(traceId, 3));
    assert.equal(span.attributes['rpc.grpc.status_code'], 1);
    assert.deepEqual(
      legs.map(({ attributes }) => attributes['afrouter.outcome']),
      ['cancelled', 'cancelled'],
    );
  });

  test('so has one that runs out of time, whoever says so first', async () => {
    const traceId = newTrace();
    await bed.client.call('Unary', { plan: { hang: true } }, { metadata: meta(traceId), deadlineMs: 100 });
    const [span, legs] = sorted(await receiver.untilTrace(traceId, 3));
    assert.ok([1, 4].includes(Number(span.attributes['rpc.grpc.status_code'])));
    assert.equal(legs.length, 2);
  });

  test('a call that no route takes is a span of its own', async () => {
    const traceId = newTrace();
    const unrouted = bed.client.openPath(
      '/no.Such/Thing',
      () => Buffer.alloc(0),
      (message) => message as never,
      { metadata: meta(traceId) },
    );
    assert.equal((await unrouted.send({}).halfClose().outcome).code, 12);
    const [span] = await receiver.untilTrace(traceId, 1);
    assert.deepEqual([span!.name, span!.status], ['call', ERROR]);
  });
});

test('a collector that is away costs no call, is told of in the log, and spans of the end are sent', async () => {
  const receiver = await OtlpReceiver.start();
  receiver.answer = 400;
  const env = {
    AFROUTER_OTEL: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: '20',
  };
  const bed = await Bed.start({ ...PLAN, daemon: { env } });
  try {
    assert.equal((await bed.client.call('Unary', {}, { metadata: meta(newTrace()) })).code, 0);
    await bed.daemon.untilLine(({ event }) => event === 'tracing_problem', 'that spans are lost');
    receiver.answer = 200;
    const last = newTrace();
    assert.equal((await bed.client.call('Unary', {}, { metadata: meta(last) })).code, 0);
    bed.client.stop();
    await bed.daemon.stop();
    await receiver.untilTrace(last, 3);
  } finally {
    await bed.stop();
    receiver.stop();
  }
});

test('nothing of OpenTelemetry is loaded unless it is switched on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'afrouter-test-'));
  const hook = join(directory, 'loaded.mjs');
  writeFileSync(
    hook,
    `import { Module } from 'node:module';
     process.on('exit', () => console.log(JSON.stringify({ event: 'loaded', files: Object.keys(Module._cache) })));`,
  );
  /** Packages of OpenTelemetry that the daemon has loaded when it ends. */
  const loaded = async (env: Readonly<Record<string, string>>): Promise<Set<string>> => {
    const bed = await Bed.start({
      ...PLAN,
      daemon: { env: { NODE_OPTIONS: `--import=${pathToFileURL(hook)}`, ...env } },
    });
    await bed.client.call('Unary', {});
    await bed.stop();
    const files = bed.daemon.lines.filter(({ event }) => event === 'loaded').flatMap((line) => line.files as string[]);
    assert.ok(
      files.some((file) => file.includes('/pino/')),
      'the hook sees packages',
    );
    return new Set(files.flatMap((file) => /node_modules\/(@opentelemetry\/[^/]+)/.exec(file)?.[1] ?? []));
  };
  try {
    // prom-client needs the API, which does nothing by itself.
    const off = await loaded({});
    off.delete('@opentelemetry/api');
    assert.deepEqual(off, new Set());
    assert.ok((await loaded({ AFROUTER_OTEL: 'true' })).has('@opentelemetry/sdk-trace-base'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
