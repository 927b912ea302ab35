import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from './command.js';
import { affinities } from './commands/affinities.js';
import { bindings } from './commands/bindings.js';
import { calls } from './commands/calls.js';
import { clusters } from './commands/clusters.js';
import { connection } from './commands/connection.js';
import { drain } from './commands/drain.js';
import { logLevel } from './commands/log-level.js';
import type { ControlClient } from './control-client.js';
import { parseOptions } from './options.js';
import { printable, table } from './table.js';
import { UsageError } from './usage-error.js';

/** A wrong command line must be found before anything is asked. */
const client = new Proxy({} as ControlClient, {
  get() {
    throw new Error('the router was asked');
  },
});

async function wrong(command: Command, argv: readonly string[], message: RegExp): Promise<void> {
  const { words, flags, json } = parseOptions(argv, {});
  const run = command.run({ client, args: words, flags, json, print: () => assert.fail('something was printed') });
  await assert.rejects(run, (error) => error instanceof UsageError && message.test(error.message), argv.join(' '));
}

test('what is missing, too much or no number is said', async () => {
  await wrong(clusters, ['extra'], /"extra" is too much/);
  await wrong(drain, [], /^BACKEND\[\.CONNECTION\] is missing/);
  await wrong(affinities, [], /list, get, set or delete/);
  await wrong(affinities, ['set', 'r', 'r', 'k'], /^BACKEND is missing/);
  await wrong(affinities, ['list', 'r', 'r', '--limit', 'x'], /--limit wants a whole number/);
  await wrong(bindings, ['take'], /list, get, set or delete/);
  await wrong(bindings, ['get', 'r', 'r'], /^BACKEND is missing/);
  await wrong(bindings, ['list', 'x'], /"x" is too much/);
  await wrong(calls, ['--older-than', '1s'], /--older-than wants/);
  await wrong(connection, ['move'], /set is missing/);
  await wrong(logLevel, ['main'], /LEVEL is missing/);
});

test('an address is HOST:PORT', async () => {
  for (const address of ['127.0.0.1', ':1', 'host:', '::1:5', 'host:123456']) {
    await wrong(connection, ['set', 'b.c', address], /is not HOST:PORT/);
  }
  for (const address of ['nowhere', ':5', '']) {
    assert.throws(() => parseOptions(['version', '--address', address], {}), UsageError, address);
  }
});

test('flags that do not exist or do not go together', () => {
  for (const argv of [['--bogus'], ['--cert', 'x'], ['--key', 'x'], ['--address'], ['--json=yes']]) {
    assert.throws(() => parseOptions(argv, {}), UsageError, argv.join(' '));
  }
});

test('where the router is: flag over variable over default', () => {
  const env = { AFROUTER_CONTROL_ADDRESS: 'there:1' };
  assert.equal(parseOptions([], {}).target.address, '127.0.0.1:55554');
  assert.equal(parseOptions([], env).target.address, 'there:1');
  assert.equal(parseOptions(['--address', '[::1]:2'], env).target.address, '[::1]:2');
});

test('any flag of TLS switches it on', () => {
  assert.equal(parseOptions([], {}).target.tls, undefined);
  for (const flags of [['--tls'], ['--ca', 'f'], ['--cert', 'f', '--key', 'f'], ['--server-name', 'n']]) {
    assert.ok(parseOptions(flags, {}).target.tls, flags.join(' '));
  }
});

test('a table is as wide as its widest cells, and holds no control character', () => {
  assert.equal(
    table(
      ['A', 'LONG'],
      [
        ['xyz', ''],
        ['\n', 'y'],
      ],
    ),
    'A     LONG\nxyz\n\\x0a  y\n',
  );
  assert.equal(printable('a\u001b[31m\u009b'), 'a\\x1b[31m\\x9b');
});
