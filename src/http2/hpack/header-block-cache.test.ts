import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderBlockCache, hashBlock } from './header-block-cache.js';
import { HeaderList } from './header-list.js';

function blockOf(i: number): Buffer {
  return Buffer.from(`block ${i}`);
}

test('finds what was added, and nothing else', () => {
  const cache = new HeaderBlockCache();
  const lists: HeaderList[] = [];
  for (let i = 0; i < 200; i++) {
    const block = blockOf(i);
    assert.equal(cache.find(block, 0, block.length), undefined);
    lists.push(new HeaderList([]));
    cache.add(hashBlock(block, 0, block.length), block, 0, block.length, lists[i]!);
    block.fill(0);
  }
  let found = 0;
  for (let i = 0; i < 200; i++) {
    const block = Buffer.concat([Buffer.from('__'), blockOf(i), Buffer.from('__')]);
    const list = cache.find(block, 2, block.length - 2);
    if (list !== undefined) {
      assert.equal(list, lists[i]);
      found++;
    }
    assert.equal(cache.find(block, 2, block.length - 1), undefined);
  }
  // Some may have found no slot near their hash; nearly all must.
  assert.ok(found > 190, `${found} of 200`);
  cache.clear();
  for (let i = 0; i < 200; i++) assert.equal(cache.find(blockOf(i), 0, blockOf(i).length), undefined);
});

test('bounded in blocks and in bytes, also when all blocks collide', () => {
  const cache = new HeaderBlockCache();
  for (let i = 0; i < 5000; i++) {
    const block = Buffer.alloc(500, `block ${i} `);
    cache.add(i % 2, block, 0, block.length, new HeaderList([]));
  }
  const { bytes, count, slots } = cache as unknown as { bytes: number; count: number; slots: unknown[] };
  assert.ok(bytes <= 16 * 1024 && count <= 256 && slots.length <= 512, `${bytes} bytes, ${count}, ${slots.length}`);
});

test('the hash depends on every byte and on the length', () => {
  const base = Buffer.alloc(23);
  const hashes = new Set([hashBlock(base, 0, base.length), hashBlock(base, 0, 22)]);
  for (let i = 0; i < base.length; i++) {
    base[i] = 1;
    hashes.add(hashBlock(base, 0, base.length));
    base[i] = 0;
  }
  assert.equal(hashes.size, 25);
});
