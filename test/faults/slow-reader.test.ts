import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { EchoClient } from '../support/client.js';
import { delay } from '../support/eventually.js';

const MIB = 1024 * 1024;
const STREAM_BYTES = 300 * MIB;
const MESSAGE_BYTES = MIB / 4;
/** The JavaScript heap of two threads breathes by tens of MiB; what must not happen is that the stream is in it. */
const ALLOWED_BYTES = 96 * MIB;

let bed: Bed;

before(async () => {
  bed = await Bed.start({
    clusters: {
      single: { s: { replicas: ['s1'], type: 'server' } },
      pair: { p: ['p1', 'p2'] },
    },
    routes: [roundRobin('single', 'single', ['Receive', 'Unary']), roundRobin('pair', 'pair')],
  });
});

after(() => bed.stop());

/** Median latency of unary calls in ms. */
async function latency(client: EchoClient): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 100; i++) {
    const started = performance.now();
    const { code, details } = await client.call('Unary', { key: 'k' });
    assert.equal(code, 0, details);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[50]!;
}

for (const [way, method, replicas] of [
  ['one connection', 'Receive', 1],
  ['two replicas merged', 'ServerStream', 2],
] as const) {
  test(`a client that stops reading a ${STREAM_BYTES / MIB} MiB stream costs bounded memory and slows nobody (${way})`, async () => {
    const other = new EchoClient(bed.port);
    const idle = await latency(other);
    const before = bed.daemon.residentBytes();

    const responses = STREAM_BYTES / MESSAGE_BYTES / replicas;
    const sent = bed.client
      .open(method, { deadlineMs: 120_000 })
      .send({ plan: { responses, responseBytes: MESSAGE_BYTES } })
      .halfClose();
    const { stream } = sent;
    let bytes = 0;
    stream.removeAllListeners('data');
    stream.on('data', (message: { payload: Buffer }) => {
      bytes += message.payload.length;
    });
    await sent.untilHeaders();
    stream.pause();
    // The fleet would send all of it in well under this time.
    await delay(1500);
    const stalled = bed.daemon.residentBytes() - before;
    assert.ok(bytes < STREAM_BYTES / 4, 'the client did stop');
    assert.ok(stalled < ALLOWED_BYTES, `${(stalled / MIB).toFixed(1)} MiB more while the client does not read`);
    const during = await latency(other);
    assert.ok(during < 10 * idle + 20, `other calls: ${idle.toFixed(2)} ms before, ${during.toFixed(2)} ms during`);

    stream.resume();
    const { code, details } = await sent.outcome;
    assert.equal(code, 0, details);
    assert.equal(bytes, STREAM_BYTES, 'and in the end it has everything');
    const grown = bed.daemon.residentBytes() - before;
    assert.ok(grown < 2 * ALLOWED_BYTES, `${(grown / MIB).toFixed(1)} MiB more after the whole stream`);
    other.stop();
  });
}

test('a replica that reads slowly holds the client back instead of filling the router', async () => {
  const before = bed.daemon.residentBytes();
  bed.handle((call) => {
    // Reads nothing for a while, as a busy server does.
    call.stream.pause();
    setTimeout(() => call.stream.resume(), 1500);
    call.whenHalfClosed(() => {
      call.answer({ received: call.requests.length });
      call.end();
    });
  });
  const call = bed.client.open('ClientStream', { deadlineMs: 120_000 });
  const payload = Buffer.alloc(MESSAGE_BYTES, 1);
  let peak = 0;
  let held = false;
  const messages = 240;
  for (let i = 0; i < messages; i++) {
    if (!call.stream.write({ payload })) {
      await Promise.race([
        new Promise((resolve) => call.stream.once('drain', resolve)),
        delay(300).then(() => {
          held = true;
          return new Promise((resolve) => call.stream.once('drain', resolve));
        }),
      ]);
    }
    peak = Math.max(peak, bed.daemon.residentBytes() - before);
  }
  const { code, details, messages: answers } = await call.halfClose().outcome;
  bed.handle();
  assert.equal(code, 0, details);
  assert.equal(answers[0]!.received, messages);
  assert.ok(held, 'the client was held back');
  assert.ok(peak < ALLOWED_BYTES, `${(peak / MIB).toFixed(1)} MiB more`);
});
