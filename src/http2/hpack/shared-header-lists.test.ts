import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderField, Indexing } from './header-field.js';
import { HeaderList } from './header-list.js';
import { SharedHeaderLists } from './shared-header-lists.js';

function listOf(...fields: [string, string, Indexing?][]): HeaderList {
  return new HeaderList(
    fields.map(([name, value, indexing]) => new HeaderField(name, value, indexing ?? Indexing.once)),
  );
}

test('equal lists become one, shared, whose fields repeat', () => {
  const shared = new SharedHeaderLists(16);
  const first = shared.canonical(listOf([':path', '/a'], ['x', 'y']));
  assert.equal(first.shared, true);
  assert.deepEqual(
    first.fields.map((field) => field.indexing),
    [Indexing.repeated, Indexing.repeated],
  );
  assert.equal(shared.canonical(listOf([':path', '/a'], ['x', 'y'])), first);
  assert.equal(shared.canonical(first), first);
  assert.notEqual(shared.canonical(listOf(['x', 'y'], [':path', '/a'])), first);
  assert.equal(shared.canonical(listOf(['x', 'y'], ['z', ''])).fields[0], first.fields[1]);
  assert.equal(shared.canonical(listOf()), shared.canonical(listOf()));
});

test('content is told apart whatever octets it holds', () => {
  const shared = new SharedHeaderLists(16);
  const lists = [
    listOf(['a', 'b']),
    listOf(['ab', '']),
    listOf(['a\0', 'b']),
    listOf(['a', '\0b']),
    listOf(['a', ''], ['b', '']),
    listOf(['1 a', 'b']),
    listOf(['!1 a', 'b']),
  ];
  assert.equal(new Set(lists.map((list) => shared.canonical(list))).size, lists.length);
});

test('a field never to be indexed stays so, and apart from its equal', () => {
  const shared = new SharedHeaderLists(16);
  const secret = shared.canonical(listOf(['authorization', 'x', Indexing.never]));
  const open = shared.canonical(listOf(['authorization', 'x']));
  assert.notEqual(secret, open);
  assert.equal(secret.fields[0]?.indexing, Indexing.never);
  assert.equal(open.fields[0]?.indexing, Indexing.repeated);
});

test('bounded: when full it forgets, and what comes later is right all the same', () => {
  const shared = new SharedHeaderLists(4);
  const path = (i: number) => listOf([':path', `/${i}`]);
  const first = shared.canonical(path(0));
  for (let i = 1; i < 50; i++) {
    assert.equal(shared.canonical(path(i)).fields[0]?.value, `/${i}`);
    assert.equal(shared.canonical(path(i)), shared.canonical(path(i)));
  }
  assert.notEqual(shared.canonical(path(0)), first);

  const many = new SharedHeaderLists(1e9);
  const field = many.canonicalField(new HeaderField('n', '0', Indexing.once));
  assert.equal(many.canonicalField(new HeaderField('n', '0', Indexing.once)), field);
  for (let i = 1; i < 5000; i++) many.canonicalField(new HeaderField('n', String(i), Indexing.once));
  assert.notEqual(many.canonicalField(new HeaderField('n', '0', Indexing.once)), field);

  // 100 fields of 64 KiB are over the bound in bytes.
  const long = new SharedHeaderLists(1e9);
  const big = (i: number) => new HeaderField(String(i), 'v'.repeat(65536), Indexing.once);
  const one = long.canonicalField(big(0));
  for (let i = 1; i < 100; i++) long.canonicalField(big(i));
  assert.notEqual(long.canonicalField(big(0)), one);
});
