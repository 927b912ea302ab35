import type { CallMessage } from '../../control/v1/calls.js';
import { allPages } from '../all-pages.js';
import { type Command, expectArgs, printJson } from '../command.js';
import { wholeNumber } from '../options.js';
import { table } from '../table.js';

const DEFAULT_LIMIT = 100;

export const calls: Command = {
  usage: ['calls [--older-than SECONDS] [--limit N]'],
  summary: `calls in flight: since when, where, and how their replicas stand (at most ${DEFAULT_LIMIT}, or N)`,
  flags: ['older-than', 'limit'],
  async run(context) {
    const { client, args, flags, json, print } = context;
    expectArgs(args);
    const minAgeMs = 1000 * wholeNumber('--older-than', flags['older-than'], 0);
    const pages = allPages(
      (page) => client.call<{ calls: CallMessage[]; nextPageToken: string }>('ListCalls', { minAgeMs, ...page }),
      (page) => page.calls,
      wholeNumber('--limit', flags.limit, DEFAULT_LIMIT),
    );
    const found: CallMessage[] = [];
    for await (const call of pages) found.push(call);
    if (json) printJson(context, { calls: found });
    else print(callTable(found, Date.now()));
  },
};

function callTable(rows: readonly CallMessage[], nowMs: number): string {
  return table(
    ['CALL', 'AGE', 'METHOD', 'ROUTE', 'CLUSTER', 'BACKEND', 'STATE', 'REPLICAS', 'BYTES', 'PEER', 'LISTENER'],
    rows.map((call) => [
      call.name,
      `${Math.max(0, (nowMs - call.beganUnixMs) / 1000).toFixed(1)} s`,
      call.method,
      call.route || '-',
      call.cluster || '-',
      call.backend || '-',
      call.state.toLowerCase(),
      call.replicas.map(({ connection, state }) => `${connection}:${state.toLowerCase()}`).join(' ') || '-',
      String(call.requestBytes),
      call.peer,
      call.listener,
    ]),
  );
}
