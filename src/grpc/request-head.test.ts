import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderField, Indexing } from '../http2/hpack/header-field.js';
import { HeaderList } from '../http2/hpack/header-list.js';
import { percentEncode } from './percent-encoding.js';
import { requestHead } from './request-head.js';
import { parseTimeout } from './timeout.js';

const head = (...fields: [string, string][]): ReturnType<typeof requestHead> =>
  requestHead(new HeaderList(fields.map(([name, value]) => new HeaderField(name, value, Indexing.once))));

test('grpc-timeout: 1 to 8 digits and a unit, in ms', () => {
  assert.deepEqual(['1H', '2M', '3S', '100m', '5u', '7n', '99999999H'].map(parseTimeout), [
    3_600_000,
    120_000,
    3000,
    100,
    5 * 1e-3,
    7 * 1e-6,
    99999999 * 3_600_000,
  ]);
  for (const bad of ['', 'm', '1', '1x', '-1m', '1.5S', '123456789m', ' 1m', '1m ', '1 m']) {
    assert.equal(parseTimeout(bad), undefined, bad);
  }
});

test('content-type is gRPC alone, with a subtype or with parameters', () => {
  for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc;charset=utf-8']) {
    assert.equal(head(['content-type', type]).grpc, true, type);
  }
  for (const type of ['application/json', 'application/grpcfoo', 'application/grpc-web', 'text/application/grpc']) {
    assert.equal(head(['content-type', type]).grpc, false, type);
  }
  assert.equal(head().grpc, false);
});

test('a malformed timeout is told from none', () => {
  assert.equal(head().timeoutMs, -1);
  assert.equal(head(['grpc-timeout', 'soon']).timeoutMs, -2);
});

test('grpc-message is percent-encoded UTF-8', () => {
  assert.equal(percentEncode('plain text, ~'), 'plain text, ~');
  assert.equal(percentEncode('100% ü\n'), '100%25 %C3%BC%0A');
  assert.equal(decodeURIComponent(percentEncode('キー % \u{1f600}\0')), 'キー % \u{1f600}\0');
});
