import type { SuiteResult } from './result.js';

/** Cases that are known to fail: suite → case name → whether it fails each time, or only at times. */
export type KnownFailing = ReadonlyMap<string, ReadonlyMap<string, 'always' | 'sometimes'>>;

/**
 * Reads known-failing.txt: one case a line, `suite: case`, or `suite?: case` for one whose outcome is a race; empty lines and
 * those that begin with `#` are for people.
 * @throws Error that names a line which is neither, or which is there twice
 */
export function parseKnownFailing(text: string): KnownFailing {
  const known = new Map<string, Map<string, 'always' | 'sometimes'>>();
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([\w-]+)(\??): (.+)$/.exec(line);
    if (match === null) throw new Error(`line ${i + 1} is not "suite: case": ${line}`);
    const [, suite, race, name] = match as unknown as [string, string, string, string];
    let names = known.get(suite);
    if (names === undefined) {
      names = new Map();
      known.set(suite, names);
    }
    if (names.has(name)) throw new Error(`line ${i + 1} repeats a case: ${line}`);
    names.set(name, race === '' ? 'always' : 'sometimes');
  }
  return known;
}

/**
 * What is wrong with a run, one text a case: it failed and is not listed, or it is listed and did not fail (it passed, was
 * skipped or does not exist). Suites that did not run are not judged. Empty when all is as listed.
 */
export function deviations(suites: readonly SuiteResult[], known: KnownFailing): string[] {
  const found: string[] = [];
  for (const { suite, cases } of suites) {
    const listed = known.get(suite) ?? new Map<string, 'always' | 'sometimes'>();
    const failed = new Set<string>();
    for (const { name, verdict, detail } of cases) {
      if (verdict !== 'failed') continue;
      failed.add(name);
      if (!listed.has(name)) found.push(`${suite}: ${name}\n    failed: ${detail}`);
    }
    for (const [name, when] of listed) {
      const absent = !cases.some((each) => each.name === name);
      if (absent || (when === 'always' && !failed.has(name))) {
        found.push(`${suite}: ${name}\n    is listed as failing and did not fail`);
      }
    }
  }
  return found;
}
