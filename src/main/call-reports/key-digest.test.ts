import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { KeyDigest } from './key-digest.js';

test('one key has one digest, two keys have two', () => {
  const digest = new KeyDigest('random');
  assert.equal(digest.of('42'), digest.of('42'));
  assert.notEqual(digest.of('42'), digest.of('43'));
  assert.match(digest.of('42'), /^[0-9a-f]{16}$/);
});

test('without the secret a dictionary of keys tells nothing: each start has another one', () => {
  const [one, other] = [new KeyDigest('random'), new KeyDigest('random')];
  assert.notEqual(one.of('42'), other.of('42'));
  assert.ok(!createHash('sha256').update('42').digest('hex').startsWith(one.of('42')));
});

test('routers with one secret write the same digests', () => {
  const [one, other] = [new KeyDigest('a-secret-of-ours'), new KeyDigest('a-secret-of-ours')];
  assert.equal(one.of('\u00ff'), other.of('\u00ff'));
  assert.notEqual(one.of('42'), new KeyDigest('another-secret-1').of('42'));
});
