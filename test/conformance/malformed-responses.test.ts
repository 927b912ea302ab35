import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Flag, frame, Type } from '../support/frames.js';
import { type Fields, headers, MESSAGE, OK_HEAD, RawBed, resetCode } from '../support/raw-bed.js';

/** Two-sided script: a backend gives one malformed answer; the client gets INTERNAL, the backend RST_STREAM(PROTOCOL_ERROR), and both connections live. */

let bed: RawBed;
before(async () => {
  bed = await RawBed.start();
});
after(() => bed.stop());

const OK_TRAILERS: Fields = [['grpc-status', '0']];
const head = (...more: Fields): ((stream: number) => Buffer[]) => {
  return (stream) => [headers(stream, [...OK_HEAD, ...more]), ...end(stream)];
};
const end = (stream: number, trailers = OK_TRAILERS): Buffer[] => [
  frame(Type.DATA, 0, stream, MESSAGE),
  headers(stream, trailers, Flag.END_STREAM),
];
const trailers = (fields: Fields): ((stream: number) => Buffer[]) => {
  return (stream) => [headers(stream, OK_HEAD), ...end(stream, fields)];
};

const malformed: readonly (readonly [what: string, answer: (stream: number) => Buffer[]])[] = [
  ['an upper-case field name', head(['X-Key', 'a'])],
  ['CR LF in a value', head(['x-key', 'a\r\nset-cookie: b'])],
  ['NUL in a value', head(['x-key', 'a\0'])],
  ['a space around a value', head(['x-key', 'a '])],
  ['connection', head(['connection', 'close'])],
  ['transfer-encoding', head(['transfer-encoding', 'chunked'])],
  ['no :status', (s) => [headers(s, [['content-type', 'application/grpc']]), ...end(s)]],
  [':status twice', (s) => [headers(s, [[':status', '200'], ...OK_HEAD]), ...end(s)]],
  [':status after a field', (s) => [headers(s, [...OK_HEAD].reverse()), ...end(s)]],
  [
    ':path',
    (s) => [
      headers(s, [
        [':status', '200'],
        [':path', '/'],
      ]),
      ...end(s),
    ],
  ],
  [':status 101', (s) => [headers(s, [[':status', '101']]), ...end(s)]],
  ['an interim response that ends the stream', (s) => [headers(s, [[':status', '103']], Flag.END_STREAM)]],
  ['a pseudo-header field in trailers', trailers([[':status', '200'], ...OK_TRAILERS])],
  ['connection in trailers', trailers([...OK_TRAILERS, ['connection', 'close']])],
  ['an upper-case name in trailers', trailers([...OK_TRAILERS, ['X-Key', 'a']])],
  ['CR LF in a trailer', trailers([...OK_TRAILERS, ['x-key', 'a\r\nb']])],
  ['trailers without END_STREAM', (s) => [headers(s, OK_HEAD), headers(s, OK_TRAILERS)]],
  ['DATA before its HEADERS', (s) => [frame(Type.DATA, 0, s, MESSAGE), ...head()(s)]],
  ['less DATA than its content-length', head(['content-length', '9'])],
  ['more DATA than its content-length', head(['content-length', '7'])],
  [
    'a content-length and END_STREAM on HEADERS',
    (s) => [headers(s, [...OK_HEAD, ...OK_TRAILERS, ['content-length', '8']], Flag.END_STREAM)],
  ],
];

for (const [what, answer] of malformed) {
  test(`an answer with ${what} is INTERNAL for the client and a stream error for the backend`, async () => {
    const peer = await bed.untilServing();
    let stream = 0;
    bed.respond = (to, id) => {
      stream = id;
      to.send(...answer(id));
    };
    const { code, details } = await bed.client.call('Unary', {});
    assert.equal(code, 13, details);
    assert.equal(await resetCode(peer, stream), 1);
    assert.equal(await bed.untilServing(), peer, 'the connection lives');
  });
}

test('interim responses are passed over, and an answer whose content-length is right is served', async () => {
  await bed.untilServing();
  bed.respond = (peer, s) => {
    peer.send(
      headers(s, [[':status', '100']]),
      headers(s, [
        [':status', '103'],
        ['link', 'x'],
      ]),
    );
    peer.send(...head(['content-length', '8'])(s));
  };
  const { code, details } = await bed.client.call('Unary', {});
  assert.equal(code, 0, details);
});
