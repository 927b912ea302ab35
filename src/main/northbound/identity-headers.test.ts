import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderField, Indexing } from '../../http2/hpack/header-field.js';
import { HeaderList } from '../../http2/hpack/header-list.js';
import { SharedHeaderLists } from '../../http2/hpack/shared-header-lists.js';
import { IdentityHeaders } from './identity-headers.js';

const KEY = 'x-who';

function list(...fields: readonly (readonly [string, string])[]): HeaderList {
  return new HeaderList(fields.map(([name, value]) => new HeaderField(name, value, Indexing.once)));
}

function texts({ fields }: HeaderList): string[] {
  return fields.map(({ name, value }) => `${name}: ${value}`);
}

function headers(identity?: string, shared = new SharedHeaderLists(100)): IdentityHeaders {
  return new IdentityHeaders([KEY, 'x-other'], KEY, identity, shared);
}

test('the identity stands at the end, once, whatever was there', () => {
  const out = headers('me').apply(list([':path', '/a'], [KEY, 'root'], ['x-other', 'x'], ['a', 'b'], [KEY, 'admin']));
  assert.deepEqual(texts(out), [':path: /a', 'a: b', 'x-who: me']);
});

test('without an identity the keys are taken out, and a list without them is the same object', () => {
  const clean = list([':path', '/a']);
  assert.deepEqual(texts(headers().apply(list([':path', '/a'], [KEY, '']))), [':path: /a']);
  assert.equal(headers().apply(clean), clean);
});

test('a list that repeats gives the same shared list each time, on every connection of the client', () => {
  const shared = new SharedHeaderLists(100);
  const one = headers('me', shared);
  const again = headers('me', shared);
  const repeated = shared.canonical(list([':path', '/a'], [KEY, 'root']));
  const out = one.apply(repeated);
  assert.equal(out.shared, true);
  assert.deepEqual(texts(out), [':path: /a', 'x-who: me']);
  const other = shared.canonical(list([':path', '/b']));
  assert.deepEqual(texts(one.apply(other)), [':path: /b', 'x-who: me']);
  assert.equal(one.apply(repeated), out);
  assert.equal(again.apply(repeated), out);
  assert.notEqual(headers('you', shared).apply(repeated), out);
});

test('lists that do not repeat are not remembered', () => {
  const once = headers('me');
  const input = list([':path', '/a']);
  const out = once.apply(input);
  assert.equal(out.shared, false);
  assert.notEqual(once.apply(input), out);
});

test('more lists than are remembered are still right', () => {
  const shared = new SharedHeaderLists(1000);
  const one = headers('me', shared);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 200; i++) {
      const out = one.apply(shared.canonical(list([':path', `/${i}`], [KEY, 'root'])));
      assert.deepEqual(texts(out), [`:path: /${i}`, 'x-who: me']);
    }
  }
});
