import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { ControlTarget } from './control-client.js';
import { UsageError } from './usage-error.js';

const DEFAULT_ADDRESS = '127.0.0.1:55554';
/** The one variable that the router itself does not read. */
export const ADDRESS_VARIABLE = 'AFROUTER_CONTROL_ADDRESS';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Flags of every command. */
const COMMON = {
  address: { type: 'string' },
  token: { type: 'string' },
  'token-file': { type: 'string' },
  tls: { type: 'boolean' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  'server-name': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Options;

/** Flags that only some commands take. */
const SPECIAL = {
  cluster: { type: 'string' },
  service: { type: 'string' },
  watch: { type: 'boolean' },
  last: { type: 'boolean' },
  limit: { type: 'string' },
  'older-than': { type: 'string' },
} as const satisfies Options;

/** A flag that only some commands take. */
export type SpecialFlag = keyof typeof SPECIAL;

/** The command line of `afrouter ctl`, taken apart. */
export interface CtlOptions {
  readonly words: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
  readonly target: ControlTarget;
  /** Those that were given. */
  readonly flags: { readonly [Flag in SpecialFlag]?: string | boolean };
}

/**
 * @param argv after `ctl`
 * @throws UsageError
 */
export function parseOptions(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): CtlOptions {
  const { values, positionals } = parse(argv);
  const { json = false, help = false, watch, last, cluster, service, limit } = values;
  const flags = Object.entries({ watch, last, cluster, service, limit, 'older-than': values['older-than'] });
  return {
    words: positionals,
    json,
    help,
    target: target(values, env),
    flags: Object.fromEntries(flags.filter(([, value]) => value !== undefined)),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: { ...COMMON, ...SPECIAL }, allowPositionals: true });
  } catch (error) {
    // Node's message names the flag; its advice about `--` on the second sentence is for programmers.
    throw new UsageError((error as Error).message.split('. ')[0]!);
  }
}

type Values = ReturnType<typeof parse>['values'];

function target(values: Values, env: Readonly<Record<string, string | undefined>>): ControlTarget {
  const { ca, cert: certificate, key } = values;
  const serverName = values['server-name'];
  if ((certificate === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together');
  const secure = values.tls === true || ca !== undefined || certificate !== undefined || serverName !== undefined;
  const address = values.address ?? (env[ADDRESS_VARIABLE] || DEFAULT_ADDRESS);
  if (!/^.+:\d+$/.test(address)) throw new UsageError(`${JSON.stringify(address)} is not HOST:PORT`);
  return { address, token: token(values, env), tls: secure ? { ca, certificate, key, serverName } : undefined };
}

function token(values: Values, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const given = values.token ?? (values['token-file'] === undefined ? env.AFROUTER_CONTROL_TOKEN : undefined);
  if (given !== undefined) return given === 'none' || given === '' ? undefined : given;
  const file = values['token-file'] ?? env.AFROUTER_CONTROL_TOKEN_FILE;
  return file === undefined || file === 'none' || file === '' ? undefined : readFileSync(file, 'utf8').trim();
}

/** A whole number given with a flag. @throws UsageError */
export function wholeNumber(flag: string, value: string | boolean | undefined, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) throw new UsageError(`${flag} wants a whole number`);
  return Number(value);
}
