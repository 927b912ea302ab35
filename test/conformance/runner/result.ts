/** How one case of a suite went. */
export type Verdict = 'passed' | 'failed' | 'skipped';

export interface CaseResult {
  /** What the case is called in known-failing.txt. */
  readonly name: string;
  readonly verdict: Verdict;
  /** Why it failed or was skipped, as the tool says. */
  readonly detail: string;
}

export interface SuiteResult {
  /** One word, the first of a line in known-failing.txt. */
  readonly suite: string;
  /** For people: what ran against what. */
  readonly about: string;
  readonly cases: readonly CaseResult[];
}
