import { readFileSync } from 'node:fs';
import { inRepository } from '../../support/paths.js';
import { buildGoTools, findGo } from './go-tools.js';
import { h2specSuites } from './h2spec.js';
import { interopSuites } from './interop.js';
import { deviations, parseKnownFailing } from './known-failing.js';
import type { SuiteResult } from './result.js';

/**
 * `npm run conformance`: h2spec and the gRPC interop cases against the built daemon. Exits 1 when a case fails that
 * test/conformance/known-failing.txt does not list, or a listed one does not fail; 0 and a message where there is no Go.
 */
async function main(): Promise<number> {
  const go = findGo();
  if (go === undefined) {
    console.log('conformance: skipped, for there is no Go here to build h2spec and the gRPC interop programs with');
    return 0;
  }
  const known = parseKnownFailing(readFileSync(inRepository('test/conformance/known-failing.txt'), 'utf8'));
  const tools = buildGoTools(go);
  const suites = [...(await h2specSuites(tools)), ...(await interopSuites(tools))];
  for (const suite of suites) printSuite(suite);
  const wrong = deviations(suites, known);
  for (const text of wrong) console.log(`\nNOT AS LISTED  ${text}`);
  console.log(wrong.length === 0 ? '\nall as listed' : `\n${wrong.length} not as listed`);
  return wrong.length === 0 ? 0 : 1;
}

function printSuite({ suite, about, cases }: SuiteResult): void {
  const count = (verdict: string) => cases.filter((each) => each.verdict === verdict).length;
  console.log(`\n${suite}: ${about}`);
  console.log(
    `  ${cases.length} cases: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`,
  );
  for (const { name, verdict } of cases) if (verdict !== 'passed') console.log(`  ${verdict}: ${name}`);
}

process.exitCode = await main();
