import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { HpackDecoder } from '../../src/http2/hpack/decoder.js';
import { HpackEncoder } from '../../src/http2/hpack/encoder.js';
import { HeaderField, Indexing } from '../../src/http2/hpack/header-field.js';
import { HeaderList } from '../../src/http2/hpack/header-list.js';
import { SharedHeaderLists } from '../../src/http2/hpack/shared-header-lists.js';

/** The http2jp collection: a folder for each encoder, a file for each connection. `npm test` runs in the repository's root. */
const vectors = path.resolve('../shared/hpack');

interface Story {
  readonly cases: readonly {
    readonly seqno: number;
    readonly wire: string;
    readonly header_table_size?: number;
    readonly headers: readonly Record<string, string>[];
  }[];
}

const DEFAULT_TABLE_BYTES = 4096;

function newDecoder(): HpackDecoder {
  return new HpackDecoder({
    tableSize: 65536,
    maxListBytes: 1 << 20,
    maxListFields: 1000,
    shared: new SharedHeaderLists(1000),
  });
}

function pairs(list: HeaderList): string[][] {
  return list.fields.map((field) => [field.name, field.value]);
}

function readStory(file: string): Story {
  return JSON.parse(readFileSync(file, 'utf8')) as Story;
}

/** The fields as the file has them: text in UTF-8, so one character an octet here. */
function expectedPairs(headers: readonly Record<string, string>[]): string[][] {
  return headers.flatMap((header) =>
    Object.entries(header).map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]),
  );
}

if (!existsSync(vectors)) {
  test('HPACK vectors', { skip: `${vectors} is not there` }, () => {});
} else {
  for (const folder of readdirSync(vectors, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    const directory = path.join(vectors, folder.name);
    const stories = readdirSync(directory).filter((name) => name.endsWith('.json'));

    test(`HPACK vectors of ${folder.name}: decoded`, () => {
      assert.ok(stories.length > 0, `no stories in ${directory}`);
      for (const name of stories) {
        const decoder = newDecoder();
        for (const { wire, headers, seqno } of readStory(path.join(directory, name)).cases) {
          const block = Buffer.from(wire, 'hex');
          assert.deepEqual(
            pairs(decoder.decode(block, 0, block.length)),
            expectedPairs(headers),
            `${name}, block ${seqno}`,
          );
        }
      }
    });

    test(`HPACK vectors of ${folder.name}: encoded by us and decoded again`, () => {
      for (const name of stories) {
        for (const indexing of [Indexing.once, Indexing.repeated, Indexing.never]) {
          const encoder = new HpackEncoder({ tableSize: 65536 });
          const decoder = newDecoder();
          let tableSize = DEFAULT_TABLE_BYTES;
          for (const { headers, header_table_size, seqno } of readStory(path.join(directory, name)).cases) {
            if (header_table_size !== undefined && header_table_size !== tableSize) {
              tableSize = header_table_size;
              encoder.setPeerTableSize(tableSize);
            }
            const expected = expectedPairs(headers);
            const list = new HeaderList(expected.map(([field, value]) => new HeaderField(field!, value!, indexing)));
            const out = Buffer.alloc(encoder.maxEncodedLength(list, undefined));
            const end = encoder.encode(list, undefined, out, 0);
            assert.deepEqual(pairs(decoder.decode(out, 0, end)), expected, `${name}, block ${seqno}`);
          }
        }
      }
    });
  }
}
