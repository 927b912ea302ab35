import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Text } from './latin1-text.js';

test('the same as Buffer.toString for every length and octet', () => {
  const octets = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  for (let start = 0; start < 256; start++) {
    for (let length = 0; length <= 16 && start + length <= 256; length++) {
      assert.equal(latin1Text(octets, start, start + length), octets.toString('latin1', start, start + length));
    }
  }
});
