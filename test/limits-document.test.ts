import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { newLimitCounters } from '../src/http2/session/limit-counters.js';
import { TRANSPORT_SETTINGS } from '../src/main/config/transport-settings.js';
import { packageFile } from '../src/main/package-file.js';

const rows = readFileSync(packageFile('docs/limits.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('docs/limits.md has every limit that is counted', () => {
  for (const counter of Object.keys(newLimitCounters())) {
    assert.ok(
      rows.some(([, , counters]) => counters!.includes(`\`${counter}\``)),
      counter,
    );
  }
});

/** Not limits of what a peer may do: how often we ourselves act. */
const NOT_LIMITS = /KEEPALIVE|IDLE|AGE|GRACE|TLS/;

test('docs/limits.md has every variable of a limit', () => {
  for (const { env } of Object.values(TRANSPORT_SETTINGS)) {
    if (NOT_LIMITS.test(env)) continue;
    assert.ok(
      rows.some(([, , , variables]) => variables!.includes(`\`${env}\``)),
      env,
    );
  }
});

test('every test that docs/limits.md names is there, and each limit has one', () => {
  for (const [, what, , , , tests] of rows.slice(1)) {
    if (/^-+$/.test(what!)) continue;
    const names = tests!.split(', ');
    for (const name of names) assert.ok(existsSync(packageFile(`test/${name}.test.ts`)), `${what}: ${name}`);
  }
});
