import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandLine } from './command-line.js';
import { ConfigError } from './config-error.js';

const NOTHING = { config: undefined, logLevel: undefined, dryRun: false, version: false, help: false };

for (const [argv, expected] of [
  [[], {}],
  [['--config', 'a.json'], { config: 'a.json' }],
  [['--config=-a.json'], { config: '-a.json' }],
  [['--config', 'a', '--config', 'b'], { config: 'b' }],
  [['--log-level', 'debug', '--dry-run'], { logLevel: 'debug', dryRun: true }],
  [['--version'], { version: true }],
  [['--help'], { help: true }],
  [['-h'], { help: true }],
] as const) {
  test(`afrouter ${argv.join(' ')}`, () => {
    assert.deepEqual(parseCommandLine(argv), { ...NOTHING, ...expected });
  });
}

function problems(...argv: string[]): readonly string[][] {
  try {
    parseCommandLine(argv);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ file, path, found, allowed }) => [file, path, found, allowed]);
  }
  return [];
}

const ALL = '--config FILE, --log-level LEVEL, --dry-run, --version, --help';

test('all wrong arguments are reported at once', () => {
  assert.deepEqual(problems('file.json', '--confg=x', '-x', '--dry-run=yes', '--__proto__', '--log-level'), [
    ['command line', 'file.json', 'an argument without a flag', ALL],
    ['command line', '--confg', 'an unknown flag', ALL],
    ['command line', '-x', 'an unknown flag', ALL],
    ['command line', '--dry-run', 'the value "yes"', 'no value'],
    ['command line', '--__proto__', 'an unknown flag', ALL],
    ['command line', '--log-level', 'no value', 'a value after --log-level'],
  ]);
});

test('a flag is not taken for the value of another', () => {
  assert.deepEqual(problems('--config', '--dry-run'), [
    ['command line', '--config', 'no value', 'a value after --config'],
  ]);
});
