import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FirstMessage, wholeMessage } from './first-message.js';
import { RpcError } from './rpc-error.js';
import { Status } from './status-code.js';

const message = Buffer.from([0, 0, 0, 0, 3, 97, 98, 99]);
const next = Buffer.from([0, 0, 0, 0, 1]);

test('a whole message is found where it lies: not one that is cut, compressed or over the limit', () => {
  const of = (octets: readonly number[], limit = 3): number =>
    wholeMessage(Buffer.from([9, ...octets, 9]), 1, octets.length + 1, limit);
  assert.equal(of([0, 0, 0, 0, 0]), 6);
  assert.equal(of([0, 0, 0, 0, 3, 97, 98, 99]), 9);
  assert.equal(of([0, 0, 0, 0, 3, 97, 98, 99], 2), -1);
  assert.equal(of([0, 0, 0, 0, 3, 97, 98]), -1);
  assert.equal(of([0, 0, 0, 0]), -1);
  assert.equal(of([]), -1);
  assert.equal(of([1, 0, 0, 0, 3, 97, 98, 99]), -1);
  assert.equal(of([0, 0xff, 0xff, 0xff, 0xff, 1], 0xffffffff), -1);
});

test('a message that is whole in the first range is not copied', () => {
  const first = new FirstMessage(10, 'a peer');
  const buf = Buffer.concat([message, next]);
  assert.deepEqual(first.push(buf, 0, buf.length), { buf, start: 0, end: 8, compressed: false });
  assert.equal(first.bytes, 0);
});

test('a message that comes octet by octet is found with its last one, and all of it is kept', () => {
  const first = new FirstMessage(10, 'a peer');
  for (let i = 0; i < 7; i++) assert.equal(first.push(message, i, i + 1), undefined);
  const whole = first.push(message, 7, 8);
  assert.ok(whole !== undefined && !(whole instanceof RpcError));
  assert.deepEqual(whole.buf.subarray(whole.start, whole.end), message);
  assert.deepEqual(first.kept, message);
});

test('what follows the message in the same range is kept with it', () => {
  const first = new FirstMessage(10, 'a peer');
  first.push(message, 0, 6);
  const rest = Buffer.concat([message.subarray(6), next]);
  const whole = first.push(rest, 0, rest.length);
  assert.ok(whole !== undefined && !(whole instanceof RpcError));
  assert.equal(whole.end, 8);
  assert.deepEqual(first.kept, Buffer.concat([message, next]));
});

test('a declared length over the limit is refused before the body comes', () => {
  const refused = new FirstMessage(2, 'a peer').push(message, 0, 5);
  assert.ok(refused instanceof RpcError);
  assert.equal(refused.code, Status.RESOURCE_EXHAUSTED);
});
