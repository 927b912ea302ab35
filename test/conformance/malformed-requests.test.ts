import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Flag, frame, headerBlock, Type } from '../support/frames.js';
import { END, type Fields, headers, MESSAGE, RawBed, resetCode, UNARY } from '../support/raw-bed.js';

/** Two-sided script: a client sends one malformed request; its stream ends with PROTOCOL_ERROR, the connection lives, and no backend sees it. */

let bed: RawBed;
before(async () => {
  bed = await RawBed.start();
});
after(() => bed.stop());

const good: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', UNARY],
  [':authority', 'localhost'],
  ['te', 'trailers'],
  ['content-type', 'application/grpc'],
];
const without = (name: string): Fields => good.filter(([each]) => each !== name);
const changed = (name: string, value: string): Fields => good.map(([n, v]) => [n, n === name ? value : v] as const);

const malformed: readonly (readonly [what: string, fields: Fields])[] = [
  ['an upper-case field name', [...good, ['X-Key', 'a']]],
  ['an empty field name', [...good, ['', 'a']]],
  ['a space in a field name', [...good, ['x key', 'a']]],
  ['a colon in a field name', [...good, ['x:key', 'a']]],
  ['DEL in a field name', [...good, ['x\x7f', 'a']]],
  ['a field name above ASCII', [...good, ['x\xe9', 'a']]],
  ['CR LF in a field name', [...good, ['x\r\ny', 'a']]],
  ['CR LF in a value', [...good, ['x-key', 'a\r\nx-forged: b']]],
  ['CR alone in a value', [...good, ['x-key', 'a\rb']]],
  ['LF alone in a value', [...good, ['x-key', 'a\nb']]],
  ['NUL in a value', [...good, ['x-key', 'a\0b']]],
  ['CR LF in :path', changed(':path', `${UNARY} HTTP/1.1\r\nx: y`)],
  ['LF in :authority', changed(':authority', 'localhost\nx: y')],
  ['a space before a value', [...good, ['x-key', ' a']]],
  ['a tab after a value', [...good, ['x-key', 'a\t']]],
  ['connection', [...good, ['connection', 'close']]],
  ['keep-alive', [...good, ['keep-alive', '5']]],
  ['proxy-connection', [...good, ['proxy-connection', 'close']]],
  ['transfer-encoding', [...good, ['transfer-encoding', 'chunked']]],
  ['upgrade', [...good, ['upgrade', 'h2c']]],
  ['te with another value than trailers', changed('te', 'trailers, gzip')],
  ['no :method', without(':method')],
  ['no :scheme', without(':scheme')],
  ['no :path', without(':path')],
  ['an empty :path', changed(':path', '')],
  ['a pseudo-header field twice', [[':path', UNARY], ...good]],
  ['an unknown pseudo-header field', [[':protocol', 'websocket'], ...good]],
  [':status in a request', [[':status', '200'], ...good]],
  ['a pseudo-header field after the others', [...without(':path'), [':path', UNARY]]],
  ['userinfo in :authority', changed(':authority', 'user:secret@localhost')],
  ['a host that is not :authority', [...good, ['host', 'elsewhere']]],
  ['CONNECT with :scheme and :path', changed(':method', 'CONNECT')],
  ['two content-lengths that differ', [...good, ['content-length', '1'], ['content-length', '2']]],
  ['a content-length that is no number', [...good, ['content-length', '1, 1']]],
];

for (const [what, fields] of malformed) {
  test(`a request with ${what} is reset, and the connection lives`, async () => {
    const seen = bed.backend.peers[0]!.frames.filter(({ type }) => type === Type.HEADERS).length;
    const client = await bed.dial();
    client.send(headers(1, fields, Flag.END_STREAM));
    assert.equal(await resetCode(client, 1), 1);
    await bed.serves(client, 3);
    const now = bed.backend.peers[0]!.frames.filter(({ type }) => type === Type.HEADERS).length;
    assert.equal(now, seen + 1, 'the backend saw the good one only');
    client.destroy();
  });
}

const badTrailers: readonly (readonly [what: string, fields: Fields, flags: number])[] = [
  ['a pseudo-header field in them', [[':path', UNARY]], Flag.END_STREAM],
  ['connection in them', [['connection', 'close']], Flag.END_STREAM],
  ['an upper-case name in them', [['X-A', 'b']], Flag.END_STREAM],
  ['CR LF in a value', [['x-a', 'b\r\nc: d']], Flag.END_STREAM],
  ['no END_STREAM', [['x-a', 'b']], 0],
];
for (const [what, fields, flags] of badTrailers) {
  test(`request trailers with ${what} reset the stream, and the connection lives`, async () => {
    const client = await bed.dial();
    client.request(1, UNARY);
    client.send(headers(1, fields, flags));
    assert.equal(await resetCode(client, 1), 1);
    await bed.serves(client, 3);
    client.destroy();
  });
}

const lengths: readonly (readonly [what: string, length: string, body: readonly Buffer[]])[] = [
  ['END_STREAM on HEADERS', '8', [frame(Type.HEADERS, END, 1, headerBlock([...good, ['content-length', '8']]))]],
  ['less DATA', '9', [frame(Type.DATA, Flag.END_STREAM, 1, MESSAGE)]],
  ['more DATA', '7', [frame(Type.DATA, Flag.END_STREAM, 1, MESSAGE)]],
  ['less DATA in two frames', '17', [frame(Type.DATA, 0, 1, MESSAGE), frame(Type.DATA, Flag.END_STREAM, 1, MESSAGE)]],
  ['less DATA and then trailers', '9', [frame(Type.DATA, 0, 1, MESSAGE), headers(1, [['x-a', 'b']], Flag.END_STREAM)]],
];
for (const [what, length, body] of lengths) {
  test(`a request whose content-length meets ${what} is reset`, async () => {
    const client = await bed.dial();
    if (body[0]![3] !== Type.HEADERS) client.request(1, UNARY, [['content-length', length]]);
    client.send(...body);
    assert.equal(await resetCode(client, 1), 1);
    await bed.serves(client, 3);
    client.destroy();
  });
}

test('a request whose content-length is that of its DATA, padding aside, is served', async () => {
  const client = await bed.dial();
  client.request(1, UNARY, [['content-length', '8']]);
  const padded = Buffer.concat([Buffer.of(3), MESSAGE, Buffer.alloc(3)]);
  client.send(frame(Type.DATA, Flag.PADDED | Flag.END_STREAM, 1, padded));
  await client.untilFrame('the answer', ({ type, flags }) => type === Type.HEADERS && (flags & Flag.END_STREAM) !== 0);
  client.destroy();
});
