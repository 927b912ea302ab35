import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DynamicTable } from './dynamic-table.js';
import { HeaderField, Indexing } from './header-field.js';

type Step = { add: number } | { resize: number };

test('adds, evicts and resizes as an array would (RFC 7541 §4)', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 300 }) }) },
    { weight: 1, arbitrary: fc.record({ resize: fc.integer({ min: 0, max: 2000 }) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = new DynamicTable(1000);
      let model: HeaderField[] = [];
      let max = 1000;
      const trim = () => {
        while (model.reduce((sum, field) => sum + field.size, 0) > max) model.pop();
      };
      for (const s of steps) {
        if ('add' in s) {
          const field = new HeaderField('n', 'v'.repeat(s.add), Indexing.once);
          table.add(field);
          model = field.size > max ? [] : [field, ...model];
        } else {
          max = s.resize;
          table.resize(max);
        }
        trim();
        assert.equal(table.count, model.length);
        assert.equal(
          table.bytes,
          model.reduce((sum, field) => sum + field.size, 0),
        );
        for (let i = 0; i < model.length; i++) assert.equal(table.at(i), model[i]);
      }
    }),
  );
});

test('after many insertions serial and index still name the same entry', () => {
  const table = new DynamicTable(4096);
  for (let i = 0; i < 10_000; i++) table.add(new HeaderField('n', String(i), Indexing.once));
  for (let index = 0; index < table.count; index++) {
    assert.equal(table.at(index).value, String(table.nextSerial - 1 - index));
  }
  assert.equal(table.at(table.count - 1).value, String(table.oldestSerial));
  const other = new HeaderField('n', 'other', Indexing.repeated);
  table.replace(3, other);
  assert.equal(table.at(3), other);
});
