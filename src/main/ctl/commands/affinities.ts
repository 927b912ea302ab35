import type { AffinityMessage } from '../../control/v1/affinities.js';
import { allPages } from '../all-pages.js';
import { type Command, type CommandContext, expectArgs, printJson } from '../command.js';
import { wholeNumber } from '../options.js';
import { table } from '../table.js';
import { UsageError } from '../usage-error.js';

const DEFAULT_LIMIT = 1000;

interface Page {
  readonly affinities: readonly AffinityMessage[];
  readonly nextPageToken: string;
  readonly total: number;
}

export const affinities: Command = {
  usage: [
    'affinities list ROUTER ROUTE [--limit N]',
    'affinities get ROUTER ROUTE KEY',
    'affinities set ROUTER ROUTE KEY BACKEND',
    'affinities delete ROUTER ROUTE KEY',
  ],
  summary: `the keys that a route remembers (list: the oldest ${DEFAULT_LIMIT}, or N); --service where a router has two such routes`,
  flags: ['service', 'limit'],
  async run(context) {
    const [verb, ...args] = context.args;
    if (verb === 'list') await list(context, args);
    else if (verb === 'get') await one(context, 'GetAffinity', expectArgs(args, 'ROUTER', 'ROUTE', 'KEY'));
    else if (verb === 'set') await one(context, 'SetAffinity', expectArgs(args, 'ROUTER', 'ROUTE', 'KEY', 'BACKEND'));
    else if (verb === 'delete') await one(context, 'DeleteAffinity', expectArgs(args, 'ROUTER', 'ROUTE', 'KEY'));
    else throw new UsageError('list, get, set or delete is missing');
  },
};

async function list(context: CommandContext, args: readonly string[]): Promise<void> {
  const [router, route] = expectArgs(args, 'ROUTER', 'ROUTE');
  const limit = wholeNumber('--limit', context.flags.limit, DEFAULT_LIMIT);
  let total = 0;
  const pages = allPages(
    async (page) => {
      const answer = await context.client.call<Page>('ListAffinities', {
        route: named(context, router!, route!),
        ...page,
      });
      total = answer.total;
      return answer;
    },
    (page) => page.affinities,
    limit,
  );
  const found: AffinityMessage[] = [];
  for await (const affinity of pages) found.push(affinity);
  if (context.json) printJson(context, { affinities: found, total });
  else {
    context.print(affinityTable(found));
    if (found.length < total) context.print(`${found.length} of ${total}; more with --limit\n`);
  }
}

async function one(context: CommandContext, method: string, args: readonly string[]): Promise<void> {
  const [router, route, key, backend] = args;
  const affinity = await context.client.call<AffinityMessage>(method, {
    route: named(context, router!, route!),
    key,
    backend,
  });
  if (context.json) printJson(context, affinity);
  else context.print(affinityTable([affinity]));
}

function named({ flags }: CommandContext, router: string, route: string): object {
  return { router, route, service: flags.service ?? '' };
}

function affinityTable(rows: readonly AffinityMessage[]): string {
  return table(
    ['KEY', 'CLUSTER', 'BACKEND', 'CALLS'],
    rows.map(({ key, cluster, backend, calls }) => [key, cluster, backend, String(calls)]),
  );
}
