import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRepository } from '../support/paths.js';
import { deviations, parseKnownFailing } from './runner/known-failing.js';
import type { SuiteResult } from './runner/result.js';

const run: SuiteResult = {
  suite: 'h2',
  about: '',
  cases: [
    { name: 'a', verdict: 'passed', detail: '' },
    { name: 'b: with a colon', verdict: 'failed', detail: 'why' },
    { name: 'c', verdict: 'skipped', detail: '' },
  ],
};

test('a failing case that is listed is as expected', () => {
  assert.deepEqual(deviations([run], parseKnownFailing('# reason\n\nh2: b: with a colon\n')), []);
});

test('a failing case that is not listed is a deviation', () => {
  assert.match(deviations([run], parseKnownFailing(''))[0]!, /b: with a colon\n {4}failed: why/);
});

test('a listed case that passes, is skipped or does not exist is a deviation', () => {
  const listed = parseKnownFailing('h2: a\nh2: b: with a colon\nh2: c\nh2: d\nother: e');
  assert.equal(deviations([run], listed).length, 3);
});

test('a case that is a race may pass or fail, but must exist', () => {
  assert.deepEqual(deviations([run], parseKnownFailing('h2?: a\nh2?: b: with a colon')), []);
  assert.equal(deviations([run], parseKnownFailing('h2: b: with a colon\nh2?: gone')).length, 1);
});

test('a line that cannot be read is refused, and so is a repeated one', () => {
  assert.throws(() => parseKnownFailing('h2 a'), /line 1/);
  assert.throws(() => parseKnownFailing('h2: a\nh2: a'), /line 2 repeats/);
});

test('docs/conformance.md names every case of known-failing.txt', () => {
  const document = readFileSync(inRepository('docs/conformance.md'), 'utf8');
  for (const [suite, names] of parseKnownFailing(
    readFileSync(inRepository('test/conformance/known-failing.txt'), 'utf8'),
  )) {
    for (const name of names.keys()) assert.ok(document.includes(`\`${suite}: ${name}\``), `${suite}: ${name}`);
  }
});
