import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { packageFile } from '../src/main/package-file.js';
import { messageOf } from './message.js';

const Message = protobuf.loadSync(packageFile('bench/echo.proto')).lookupType('bench.Message');

test('a message has its size and its key', () => {
  for (const bytes of [10, 12, 100, 1024, 10_240, 65_536]) {
    const framed = messageOf(bytes, '00000042');
    assert.equal(framed.length, bytes + 5);
    assert.equal(framed.readUInt32BE(1), bytes);
    const decoded = Message.decode(framed.subarray(5)) as unknown as { key: string };
    assert.equal(decoded.key, '00000042');
  }
});

test('a size that no message with this key has is refused', () => {
  assert.throws(() => messageOf(9), RangeError);
  assert.throws(() => messageOf(11), RangeError);
});
