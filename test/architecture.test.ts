import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize, sep } from 'node:path';
import { test } from 'node:test';
import { inRepository } from './support/paths.js';

const MAX_LINES = 320;
/** Longer than that, with the reason. */
const LONG_FILES: Readonly<Record<string, string>> = {
  'http2/hpack/huffman-table.ts': 'generated',
};

const src = inRepository('src');

interface SourceFile {
  /** Relative to src/, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  /** Files of ours it imports, relative to src/. */
  readonly ours: readonly string[];
  /** Those of them that are still imports when compiled: a part may know the type of its owner. */
  readonly needs: readonly string[];
  /** Node modules and packages. */
  readonly others: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => path.split(sep).join('/'))
  .sort()
  .map(readSource);

function readSource(path: string): SourceFile {
  const text = readFileSync(join(src, path), 'utf8');
  const imports = [...text.matchAll(/^(?:import|export)\s+(type\s)?[^;'"]*?['"]([^'"]+)['"]/gm)];
  const dynamic = [...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)].map((match) => match[1]!);
  const specifiers = [...imports.map((match) => match[2]!), ...dynamic];
  const atRunTime = [...imports.filter((match) => match[1] === undefined).map((match) => match[2]!), ...dynamic];
  const files = (all: readonly string[]) => all.filter((s) => s.startsWith('.')).map((s) => resolveOurs(path, s));
  return {
    path,
    lines: text.trimEnd().split('\n').length,
    ours: files(specifiers),
    needs: files(atRunTime),
    others: specifiers.filter((s) => !s.startsWith('.')),
  };
}

function resolveOurs(from: string, specifier: string): string {
  return normalize(join(dirname(from), specifier))
    .split(sep)
    .join('/')
    .replace(/\.js$/, '.ts');
}

/** Imports of files under `from` that `allowed` does not accept. */
function strays(from: string, allowed: (imported: string) => boolean): string[] {
  return files
    .filter(({ path }) => path.startsWith(from))
    .flatMap(({ path, ours }) =>
      ours.filter((each) => !each.startsWith(from) && !allowed(each)).map((each) => `${path} → ${each}`),
    );
}

test('the imports were found', () => {
  assert.ok(files.length > 40, `${files.length} files`);
  assert.ok(files.flatMap(({ ours }) => ours).length > 100);
  for (const { path, ours } of files) {
    for (const each of ours) {
      assert.ok(
        files.some((file) => file.path === each),
        `${path} imports ${each}, which is no file of src/`,
      );
    }
  }
});

test('http2 and observability import nothing of ours', () => {
  assert.deepEqual(
    strays('http2/', () => false),
    [],
  );
  assert.deepEqual(
    strays('observability/', () => false),
    [],
  );
});

test('grpc imports at most http2/hpack and http2/frame/error-code', () => {
  assert.deepEqual(
    strays('grpc/', (each) => each.startsWith('http2/hpack/') || each === 'http2/frame/error-code.ts'),
    [],
  );
});

const PORT_MAY_IMPORT = new Set([
  'http2/codec/turn.ts',
  'http2/session/options.ts',
  'http2/session/limit-counters.ts',
  'http2/session/flow-counters.ts',
]);

test('port imports at most http2/hpack, http2/codec/turn, the types of session limits and counters, and observability', () => {
  assert.deepEqual(
    strays('port/', (each) => /^(http2\/hpack|observability)\//.test(each) || PORT_MAY_IMPORT.has(each)),
    [],
  );
});

test('main and workers never import each other', () => {
  const shared = (each: string) => /^(http2|grpc|port|observability)\//.test(each);
  assert.deepEqual(strays('main/', shared), []);
  assert.deepEqual(strays('workers/', shared), []);
});

test('routing imports neither northbound, backends, control nor config that reads, nor node I/O', () => {
  const allowed = (each: string) => /^(http2\/hpack|grpc)\//.test(each) || each === 'main/config/routing-file.ts';
  assert.deepEqual(strays('main/routing/', allowed), []);
  const pure = new Set(['node:crypto', 'node:assert', 'node:buffer']);
  const impure = files
    .filter(({ path }) => path.startsWith('main/routing/'))
    .flatMap(({ path, others }) =>
      others
        .filter((each) => each.startsWith('node:') || builtinModules.includes(each))
        .filter((each) => !pure.has(each))
        .map((each) => `${path} → ${each}`),
    );
  assert.deepEqual(impure, []);
});

test('no cycle between folders', () => {
  const edges = new Map<string, Set<string>>();
  for (const { path, needs } of files) {
    const from = dirname(path);
    for (const to of needs.map((each) => dirname(each))) {
      // A folder and the folders in it are one thing seen from two distances.
      if (!`${to}/`.startsWith(`${from}/`) && !`${from}/`.startsWith(`${to}/`))
        edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  assert.deepEqual(findCycle(edges), []);
});

/** Those that import each other in a circle, in order; empty when there is none. */
function findCycle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (folder: string): string[] => {
    const at = trail.indexOf(folder);
    if (at >= 0) return [...trail.slice(at), folder];
    if (done.has(folder)) return [];
    trail.push(folder);
    for (const next of edges.get(folder) ?? []) {
      const cycle = visit(next);
      if (cycle.length > 0) return cycle;
    }
    trail.pop();
    done.add(folder);
    return [];
  };
  for (const folder of edges.keys()) {
    const cycle = visit(folder);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

test('no cycle between files', () => {
  assert.deepEqual(findCycle(new Map(files.map(({ path, needs }) => [path, new Set(needs)]))), []);
});

test(`a file has at most ${MAX_LINES} lines`, () => {
  const long = files
    .filter(({ path, lines }) => lines > MAX_LINES && !(path in LONG_FILES))
    .map(({ path, lines }) => `${path}: ${lines}`);
  assert.deepEqual(long, []);
});

test('nothing is called utils, and no file only passes others on', () => {
  for (const { path } of files) assert.doesNotMatch(path, /(^|\/)(utils?|helpers?|common|misc|index)(\.ts|\/)/);
});
