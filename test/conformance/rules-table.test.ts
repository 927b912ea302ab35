import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRepository } from '../support/paths.js';

/** A row of a table of rules in docs/conformance.md. */
interface Rule {
  readonly section: string;
  readonly rule: string;
  readonly keptBy: string;
  readonly shownBy: string;
}

const document = readFileSync(inRepository('docs/conformance.md'), 'utf8');
const rules = rulesOf(document);

function rulesOf(markdown: string): Rule[] {
  const found: Rule[] = [];
  let inTable = false;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('| section | rule |')) inTable = true;
    else if (!line.startsWith('|')) inTable = false;
    else if (inTable && !line.startsWith('|---')) {
      const [section, rule, keptBy, shownBy] = line.slice(2, -2).split(' | ') as [string, string, string, string];
      found.push({ section, rule, keptBy, shownBy });
    }
  }
  return found;
}

/** The files in a cell. */
function filesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+\.ts)`/g)].map(([, file]) => file!);
}

/** The quoted names in a cell with the file before them. */
function testsIn(cell: string): [file: string, name: string][] {
  const found: [string, string][] = [];
  let file = '';
  for (const [, path, name] of cell.matchAll(/`([^`]+\.ts)`|"([^"]+)"/g)) {
    if (path !== undefined) file = path;
    else found.push([file, name!]);
  }
  return found;
}

/** True when `name` is a whole string in the source. */
function isNamed(source: string, name: string): boolean {
  return source.includes(`'${name}'`) || source.includes(`\`${name}\``);
}

test('the tables of rules are there and every row is whole', () => {
  assert.ok(rules.length > 80, `${rules.length} rules`);
  for (const { section, rule, keptBy, shownBy } of rules) {
    assert.ok(section && rule && keptBy && shownBy, `${section}: ${rule}`);
    if (keptBy !== '–') assert.ok(filesIn(keptBy).length > 0 && testsIn(shownBy).length > 0, `${section}: ${rule}`);
  }
});

test('every file that a rule names exists', () => {
  for (const { section, rule, keptBy, shownBy } of rules) {
    for (const file of filesIn(`${keptBy} ${shownBy}`)) {
      assert.ok(existsSync(inRepository(file)), `${section}, ${rule}: ${file}`);
    }
  }
});

test('every test that a rule names is in its file', () => {
  const missing = rules.flatMap(({ section, shownBy }) => {
    return testsIn(shownBy)
      .filter(([file, name]) => !isNamed(readFileSync(inRepository(file), 'utf8'), name))
      .map(([file, name]) => `${section}: ${file} "${name}"`);
  });
  assert.deepEqual(missing, []);
});
