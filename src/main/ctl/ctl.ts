import { type ServiceError, status } from '@grpc/grpc-js';
import type { Command } from './command.js';
import { affinities } from './commands/affinities.js';
import { bindings } from './commands/bindings.js';
import { calls } from './commands/calls.js';
import { clusters } from './commands/clusters.js';
import { configuration } from './commands/configuration.js';
import { connection } from './commands/connection.js';
import { drain, undrain } from './commands/drain.js';
import { logLevel } from './commands/log-level.js';
import { reload } from './commands/reload.js';
import { version } from './commands/version.js';
import { ControlClient } from './control-client.js';
import { type CtlOptions, parseOptions } from './options.js';
import { printable } from './table.js';
import { UsageError } from './usage-error.js';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const COMMANDS: Readonly<Record<string, Command>> = {
  clusters,
  drain,
  undrain,
  connection,
  affinities,
  bindings,
  calls,
  'log-level': logLevel,
  config: configuration,
  reload,
  version,
};

/**
 * `afrouter ctl …`: speaks to the control API of a running router.
 * @param argv after `ctl`
 * @returns the exit code: 0 done, 1 failed, 2 the command line is wrong
 */
export async function ctl(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  // `afrouter ctl … | head` has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : EXIT_FAILED));
  try {
    const options = parseOptions(argv, env);
    if (options.help) {
      process.stdout.write(helpText());
      return 0;
    }
    await run(options);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`afrouter ctl: ${printable(error.message)}\nTry: afrouter ctl --help\n`);
      return EXIT_USAGE;
    }
    process.stderr.write(`afrouter ctl: ${printable(error instanceof Error ? error.message : String(error))}\n`);
    return EXIT_FAILED;
  }
}

async function run({ words, flags, json, target }: CtlOptions): Promise<void> {
  const [name, ...args] = words;
  if (name === undefined) throw new UsageError('a command is missing');
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name]! : undefined;
  if (command === undefined) throw new UsageError(`unknown command ${JSON.stringify(name)}`);
  const stray = Object.keys(flags).find((flag) => !(command.flags as readonly string[]).includes(flag));
  if (stray !== undefined) throw new UsageError(`${name} takes no --${stray}`);
  const client = new ControlClient(target);
  try {
    await command.run({ client, args, flags, json, print: (text) => process.stdout.write(text) });
  } catch (error) {
    throw isServiceError(error) ? new Error(explain(error, target.address)) : error;
  } finally {
    client.close();
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}

/** What a status means to who typed the command. */
function explain({ code, details }: ServiceError, address: string): string {
  switch (code) {
    case status.UNAVAILABLE:
      return `no router answers at ${address} (--address, AFROUTER_CONTROL_ADDRESS; the routing file's api says where it listens): ${details.replace(/\. Resolution note: $/, '')}`;
    case status.UNAUTHENTICATED:
      return `${details} (--token-file, AFROUTER_CONTROL_TOKEN_FILE)`;
    case status.UNIMPLEMENTED:
      return `what listens at ${address} has no such call; is it the control API of this version? ${details}`;
    default:
      return details;
  }
}

function helpText(): string {
  const commands = Object.values(COMMANDS).map(
    ({ usage, summary }) => `${usage.map((line) => `  ${line}\n`).join('')}      ${summary}\n`,
  );
  return `Usage: afrouter ctl COMMAND [options]

Looks at a running router and changes what it does, through its control API.

${commands.join('')}
Options:
  --address HOST:PORT  where the control API listens (AFROUTER_CONTROL_ADDRESS); 127.0.0.1:55554 if not given
  --token TOKEN        what it asks for (AFROUTER_CONTROL_TOKEN); other users of the machine see it: better
  --token-file FILE    the file that holds it (AFROUTER_CONTROL_TOKEN_FILE)
  --tls                speak TLS; so do the next four
  --ca FILE            authorities that the router's certificate comes from (PEM)
  --cert FILE          the certificate to show (PEM), with
  --key FILE           its private key (PEM)
  --server-name NAME   the name in the router's certificate, when it is not the address
  --json               one JSON value a line, for scripts
  -h, --help           print this and exit

Exit codes: 0 done, 1 failed, 2 the command line is wrong.
`;
}
