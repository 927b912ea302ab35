import { parseArgs } from 'node:util';
import { ConfigError, type ConfigProblem } from './config-error.js';

/** What the command line says; the settings among it go over the environment. */
export interface CommandLine {
  readonly config: string | undefined;
  readonly logLevel: string | undefined;
  readonly dryRun: boolean;
  readonly version: boolean;
  readonly help: boolean;
}

export const helpText = `Usage: afrouter --config FILE [options]
       afrouter ctl COMMAND     looks at a running router and changes it; see afrouter ctl --help

Routes gRPC calls to stateful, sharded, replicated services.

  --config FILE      the routing file (AFROUTER_CONFIG)
  --log-level LEVEL  trace, debug, info, warn, error, fatal or silent (AFROUTER_LOG_LEVEL)
  --dry-run          check the configuration and exit (AFROUTER_DRY_RUN)
  --version          print the version and exit
  --help             print this and exit

A flag goes over its environment variable. All environment variables are in docs/settings.md.
`;

const OPTIONS = {
  config: { type: 'string' },
  'log-level': { type: 'string' },
  'dry-run': { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** How each flag is written, for messages. */
const FLAGS = '--config FILE, --log-level LEVEL, --dry-run, --version, --help';

/**
 * @param argv the arguments after the script
 * @throws ConfigError with every argument that is wrong
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  // Not strict: strict mode stops at the first wrong argument, and words its errors for programmers.
  const { tokens, values } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const problems: ConfigProblem[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(problem(token.value, 'an argument without a flag', FLAGS));
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(OPTIONS, token.name) ? OPTIONS[token.name as keyof typeof OPTIONS] : undefined;
    if (option === undefined) problems.push(problem(token.rawName, 'an unknown flag', FLAGS));
    else if (option.type === 'string' && !isValue(token))
      problems.push(problem(token.rawName, 'no value', `a value after ${token.rawName}`));
    else if (option.type === 'boolean' && token.value !== undefined)
      problems.push(problem(token.rawName, `the value ${JSON.stringify(token.value)}`, 'no value'));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    config: values.config as string | undefined,
    logLevel: values['log-level'] as string | undefined,
    dryRun: values['dry-run'] === true,
    version: values.version === true,
    help: values.help === true,
  };
}

function problem(path: string, found: string, allowed: string): ConfigProblem {
  return { file: 'command line', path, found, allowed };
}

/** `--config --dry-run` has forgotten the file; a file that really begins with a dash can be written `--config=-file`. */
function isValue(token: { readonly value: string | undefined; readonly inlineValue: boolean | undefined }): boolean {
  return Boolean(token.value) && (token.inlineValue === true || !token.value!.startsWith('-'));
}
