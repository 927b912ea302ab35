import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from './json-text.js';

for (const [text, line, column, found, allowed] of [
  ['', 1, 1, 'the end', 'a value'],
  ['{"a": 1,}', 1, 9, '"}"', 'a key in double quotes'],
  ['{', 1, 2, 'the end', 'a key in double quotes or }'],
  ['{"a" 1}', 1, 6, '"1"', ':'],
  ['{"a": 1 "b": 2}', 1, 9, '"\\""', ', or }'],
  ['[1\n2]', 2, 1, '"2"', ', or ]'],
  ['[1,]', 1, 4, '"]"', 'a value'],
  ['{\n  // no\n}', 2, 3, '"/"', 'a key in double quotes'],
  ['"a\nb"', 1, 3, '"\\n"', 'the rest of a string (with its closing ")'],
  ['"\\x"', 1, 2, '"\\\\"', 'the rest of a string (with its closing ")'],
  ['-', 1, 2, 'the end', 'a digit'],
  ['01', 1, 2, '"1"', 'the end of the file'],
  ['[😀]', 1, 2, '"😀"', 'a value'],
  ['{} {}', 1, 4, '"{"', 'the end of the file'],
  ["{'a': 1}", 1, 2, '"\'"', 'a key in double quotes'],
] as const) {
  test(`the fault in ${JSON.stringify(text)} is at line ${line}, column ${column}`, () => {
    assert.deepEqual(parseJson(text), { line, column, found, allowed });
  });
}

test('what JSON.parse takes is taken, and what it refuses has a place inside the text', () => {
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 }), fc.nat(2))
    .map(([json, at, insert, cut]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + insert + json.slice(place + cut);
    });
  fc.assert(
    fc.property(fc.oneof(broken, fc.string()), (text) => {
      const result = parseJson(text);
      let value: unknown;
      try {
        value = JSON.parse(text.replace(/^\uFEFF/, ''));
      } catch {
        assert.ok(!('value' in result));
        assert.ok(result.allowed !== 'JSON', 'the fault was found');
        const lines = text.split('\n');
        assert.ok(result.line <= lines.length && result.column <= lines[result.line - 1].length + 1);
        return;
      }
      assert.deepEqual(result, { value });
    }),
    { numRuns: 2000 },
  );
});
