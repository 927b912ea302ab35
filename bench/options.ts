import { parseArgs } from 'node:util';
import type { LabOptions } from './lab.js';
import { SCENARIOS } from './scenarios/catalogue.js';

/** What was asked for. */
export interface Options extends LabOptions {
  readonly help: boolean;
  readonly list: boolean;
  /** Names; empty is the usual ones. */
  readonly scenarios: readonly string[];
  readonly all: boolean;
  /** Where the report goes instead. */
  readonly out: string | undefined;
}

export const HELP = `npm run bench -- [options]

  --list              the scenarios
  --scenario NAME     only this one (again for more)
  --quick             a few of them, briefly: under a minute
  --all               also those that take long (soak)
  --check             what the bars in bench/bars.ts need; exits with 1 where one is missed
  --rounds N          interleaved rounds (default 5)
  --seconds S         of each measurement (default 2)
  --node PATH         the Node that runs afrouter (default: this one)
  --soak MINUTES      length of the soak scenario (default 10)
  --out DIR           where the report goes (default bench/results; of a part of the scenarios dist/bench/results)
`;

/** @throws Error for an option that is none, or a scenario that is none */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      scenario: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      node: { type: 'string', default: process.execPath },
      soak: { type: 'string', default: '10' },
      out: { type: 'string' },
    },
  });
  const { help, list, quick, all, check, node, out } = values;
  for (const name of values.scenario) {
    if (!SCENARIOS.some((each) => each.name === name)) throw new Error(`no scenario ${name}; --list shows them`);
  }
  return {
    ...{ help, list, quick, all, check, node, out },
    scenarios: values.scenario,
    rounds: positive('--rounds', values.rounds ?? (quick ? '1' : '5')),
    seconds: positive('--seconds', values.seconds ?? (quick ? '0.3' : '2')),
    soakMinutes: positive('--soak', values.soak),
  };
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${flag} needs a number above 0, not ${text}`);
  return value;
}
