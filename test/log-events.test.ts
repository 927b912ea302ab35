import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inRepository } from './support/paths.js';

/** An event in the source: `{ event: 'name', field, field: value }`. */
interface LoggedEvent {
  readonly where: string;
  readonly names: readonly string[];
  readonly fields: readonly string[];
}

const src = inRepository('src');

/** Its line is made in a file of its own. */
const ACCESS_LOG = join('main', 'call-reports', 'access-log.ts');

const logged: readonly LoggedEvent[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .flatMap((path) => eventsOf(path, withoutComments(readFileSync(join(src, path), 'utf8'))));

function withoutComments(text: string): string {
  return text.replace(/^\s*\/\/.*$/gm, '');
}

function eventsOf(where: string, text: string): LoggedEvent[] {
  return [...text.matchAll(/\{\s*event(?::\s*([^,}]*))?[,}]/g)].flatMap(({ index, 1: value }) => {
    // Shorthand: the value is chosen just before.
    const chosen = value ?? /const event = (.*);/.exec(text)?.[1] ?? '';
    const names = namesIn(chosen);
    return names.length === 0 ? [] : [{ where, names, fields: keysOf(text.slice(index)) }];
  });
}

/** `'name'`, or both of `condition ? 'name' : 'name'`. */
function namesIn(value: string): string[] {
  const chosen = value.includes('?') ? value.slice(value.indexOf('?')) : value;
  return [...chosen.matchAll(/'([a-z_]+)'/g)].map(([, name]) => name!);
}

/** The keys of an object literal at the beginning of `text`, without those of objects in it. */
function keysOf(text: string): string[] {
  let depth = 0;
  let own = '';
  for (const letter of text) {
    if ('{(['.includes(letter)) depth++;
    if ('})]'.includes(letter)) depth--;
    if (depth === 1) own += letter;
    if (depth === 0) break;
  }
  return own
    .slice(1)
    .split(',')
    .map((entry) => /^\s*([a-zA-Z]+)/.exec(entry)?.[1])
    .filter((key) => key !== undefined && key !== 'event') as string[];
}

/** Rows of docs/logs.md: event → what its row says of fields. */
const documented = new Map(
  [...readFileSync(inRepository('docs/logs.md'), 'utf8').matchAll(/^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|.*\|$/gm)]
    .map(([row, names]) => ({ cells: row.split('|').map((cell) => cell.trim()), names: names! }))
    .filter(({ cells }) => cells.length === 7)
    .flatMap(({ cells, names }) => [...names.matchAll(/`([a-z_]+)`/g)].map(([, name]) => [name!, cells[4]!] as const)),
);

test('every event of the log is in docs/logs.md, and no other', () => {
  const names = new Set(logged.flatMap((event) => event.names));
  assert.ok(names.size > 30, `${names.size} events`);
  assert.deepEqual([...documented.keys()].filter((name) => name !== 'event').sort(), [...names].sort());
});

test('the fields of every event are in its row', () => {
  for (const { where, names, fields } of logged) {
    for (const name of names) {
      // Its fields have a table of their own.
      if (name === 'call') continue;
      const told = documented.get(name) ?? '';
      for (const field of fields) assert.ok(told.includes(`\`${field}\``), `${where}: ${name} has a field ${field}`);
    }
  }
});

test('what is logged has an event', () => {
  for (const path of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts') || path.endsWith('.test.ts') || path === ACCESS_LOG) continue;
    const calls = [
      ...readFileSync(join(src, path), 'utf8').matchAll(/\blog\s*\.(?:debug|info|warn|error|fatal)\(\s*(.)/g),
    ];
    for (const [call, first] of calls) assert.equal(first, '{', `${path}: ${call}`);
  }
});

test('the fields of the access log are in docs/logs.md', () => {
  const text = readFileSync(inRepository('docs/logs.md'), 'utf8');
  const section = text.slice(text.indexOf('## Access log'), text.indexOf('## Every event'));
  const { fields } = logged.find(({ names }) => names[0] === 'call')!;
  assert.ok(fields.length > 15, fields.join());
  for (const field of fields) assert.ok(section.includes(`\`${field}\``), field);
});
