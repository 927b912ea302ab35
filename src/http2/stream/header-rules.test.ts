import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderField, Indexing } from '../hpack/header-field.js';
import { HeaderList } from '../hpack/header-list.js';
import { BlockKind, malformed } from './header-rules.js';

const list = (...fields: [string, string][]): HeaderList =>
  new HeaderList(fields.map(([name, value]) => new HeaderField(name, value, Indexing.once)));

const request: [string, string][] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/p.S/M'],
  [':authority', 'a'],
];

test('host may repeat :authority or stand for it, and CONNECT has an authority alone', () => {
  assert.equal(malformed(list(...request, ['host', 'A']), BlockKind.request), undefined);
  assert.equal(malformed(list(...request.slice(0, 3), ['host', 'a']), BlockKind.request), undefined);
  assert.equal(malformed(list([':method', 'CONNECT'], [':authority', 'a:1']), BlockKind.request), undefined);
});

test('a plain request, response and trailers are well-formed', () => {
  assert.equal(malformed(list(...request, ['te', 'trailers'], ['x-bin', 'AA==']), BlockKind.request), undefined);
  assert.equal(malformed(list([':status', '200'], ['a', '']), BlockKind.response), undefined);
  assert.equal(malformed(list(['grpc-status', '0']), BlockKind.trailers), undefined);
});

const bad: [string, BlockKind, [string, string][]][] = [
  ['an upper-case name', BlockKind.request, [...request, ['X-A', 'b']]],
  ['an empty name', BlockKind.request, [...request, ['', 'b']]],
  ['a name with a space', BlockKind.request, [...request, ['a b', 'b']]],
  ['CR LF in a value', BlockKind.request, [...request, ['a', 'b\r\nc: d']]],
  ['NUL in a value', BlockKind.request, [...request, ['a', 'b\0']]],
  ['white space around a value', BlockKind.request, [...request, ['a', ' b']]],
  ['connection', BlockKind.request, [...request, ['connection', 'close']]],
  ['transfer-encoding', BlockKind.request, [...request, ['transfer-encoding', 'chunked']]],
  ['te other than trailers', BlockKind.request, [...request, ['te', 'gzip']]],
  [
    'two content-lengths that differ',
    BlockKind.request,
    [...request, ['content-length', '1'], ['content-length', '2']],
  ],
  ['a content-length that is no number', BlockKind.request, [...request, ['content-length', '+1']]],
  ['a pseudo-header after a field', BlockKind.request, [['a', 'b'], ...request]],
  ['a pseudo-header twice', BlockKind.request, [...request, [':path', '/']]],
  ['an unknown pseudo-header', BlockKind.request, [...request, [':foo', '/']]],
  ['no path', BlockKind.request, request.filter(([n]) => n !== ':path')],
  ['an empty path', BlockKind.request, request.map(([n, v]) => [n, n === ':path' ? '' : v])],
  [':status in a request', BlockKind.request, [...request, [':status', '200']]],
  ['userinfo in :authority', BlockKind.request, request.map(([n, v]) => [n, n === ':authority' ? 'u:p@a' : v])],
  ['a host that is not :authority', BlockKind.request, [...request, ['host', 'b']]],
  ['two hosts that differ', BlockKind.request, [...request.slice(0, 3), ['host', 'a'], ['host', 'b']]],
  ['CONNECT with a path', BlockKind.request, request.map(([n, v]) => [n, n === ':method' ? 'CONNECT' : v])],
  ['CONNECT without an authority', BlockKind.request, [[':method', 'CONNECT']]],
  [':status 101', BlockKind.response, [[':status', '101']]],
  ['no status in a response', BlockKind.response, [['a', 'b']]],
  ['a status that is no number', BlockKind.response, [[':status', 'ok']]],
  ['a pseudo-header in trailers', BlockKind.trailers, [[':status', '200']]],
];

for (const [what, kind, fields] of bad) {
  test(`malformed: ${what}`, () => assert.notEqual(malformed(list(...fields), kind), undefined));
}

test('what is wrong never shows a value', () => {
  assert.doesNotMatch(malformed(list(...request, ['authorization', 'secret\n']), BlockKind.request)!, /secret/);
});
