import assert from 'node:assert/strict';
import { test } from 'node:test';
import { corpus, regressions } from './store.js';
import { targets } from './targets.js';

// What was recorded, and what was found once: every promise of the fuzz targets holds for them.

for (const target of targets) {
  test(`${target.name}: recorded inputs, and those that were findings once`, async (context) => {
    const inputs = [...corpus(target.corpus), ...regressions(target.name)];
    assert.ok(inputs.length > 0, 'no inputs: npm run fuzz:record');
    for (const { path, bytes } of inputs) {
      await context.test(path, async () => {
        await target.start()(bytes);
      });
    }
  });
}
