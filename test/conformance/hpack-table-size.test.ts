import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HpackDecoder } from '../../src/http2/hpack/decoder.js';
import { HpackError } from '../../src/http2/hpack/hpack-error.js';
import { SharedHeaderLists } from '../../src/http2/hpack/shared-header-lists.js';

/** Our own vectors: connections whose table changes its size between blocks, as octets with what they stand for. */

const DEFAULT_TABLE_BYTES = 4096;
/** `x-a: one` and `x-a: two` with incremental indexing; an entry of either has 3 + 3 + 32 = 38 octets. */
const ADD_ONE = '4003782d61036f6e65';
const ADD_TWO = '4003782d610374776f';
/** Index 62, the newest entry. */
const NEWEST = 'be';
const ONE = [['x-a', 'one']];
const TWO = [['x-a', 'two']];

type Block = readonly [hex: string, fields: readonly string[][] | 'refused'];

const stories: readonly (readonly [what: string, blocks: readonly Block[]])[] = [
  [
    'without a change the entry stays',
    [
      [ADD_ONE, ONE],
      [NEWEST, ONE],
      [`${NEWEST}${NEWEST}`, [...ONE, ...ONE]],
    ],
  ],
  [
    '0 empties the table, and nothing goes in',
    [
      [ADD_ONE, ONE],
      [`20${ADD_TWO}`, TWO],
      [NEWEST, 'refused'],
    ],
  ],
  [
    '0 and back in one block empties it, and it takes entries again',
    [
      [ADD_ONE, ONE],
      [`203fe11f${ADD_TWO}`, TWO],
      [NEWEST, TWO],
      ['bf', 'refused'],
    ],
  ],
  [
    'exactly the entry’s size keeps it',
    [
      [ADD_ONE, ONE],
      [`3f07${NEWEST}`, ONE],
    ],
  ],
  [
    'one octet less evicts it',
    [
      [ADD_ONE, ONE],
      [`3f06${NEWEST}`, 'refused'],
    ],
  ],
  [
    'room for one entry: the second pushes the first out',
    [
      [`3f2c${ADD_ONE}`, ONE],
      [ADD_TWO, TWO],
      [NEWEST, TWO],
      ['bf', 'refused'],
    ],
  ],
  [
    'an update alone is a block without fields',
    [
      [ADD_ONE, ONE],
      ['20', []],
      [NEWEST, 'refused'],
    ],
  ],
  [
    'smaller, then larger: what was evicted is gone',
    [
      [ADD_ONE, ONE],
      ['3f06', []],
      ['3fe11f', []],
      [NEWEST, 'refused'],
    ],
  ],
  [
    'up to what SETTINGS allow, and no further',
    [
      ['3fe11f', []],
      ['3fe21f', 'refused'],
    ],
  ],
  ['after a field an update is refused', [[`${ADD_ONE}20`, 'refused']]],
  [
    'between two fields, too',
    [
      [ADD_ONE, ONE],
      [`${NEWEST}20${NEWEST}`, 'refused'],
    ],
  ],
];

for (const [what, blocks] of stories) {
  test(`table size: ${what}`, () => {
    const decoder = new HpackDecoder({
      tableSize: DEFAULT_TABLE_BYTES,
      maxListBytes: 1 << 16,
      maxListFields: 100,
      shared: new SharedHeaderLists(100),
    });
    for (const [hex, expected] of blocks) {
      const block = Buffer.from(hex, 'hex');
      if (expected === 'refused') {
        assert.throws(() => decoder.decode(block, 0, block.length), HpackError, hex);
        continue;
      }
      const fields = decoder.decode(block, 0, block.length).fields.map(({ name, value }) => [name, value]);
      assert.deepEqual(fields, expected, hex);
    }
  });
}
