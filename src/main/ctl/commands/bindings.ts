import type { BindingMessage } from '../../control/v1/bindings.js';
import { allPages } from '../all-pages.js';
import { type Command, type CommandContext, expectArgs, printJson } from '../command.js';
import { table } from '../table.js';
import { UsageError } from '../usage-error.js';

export const bindings: Command = {
  usage: ['bindings list', 'bindings delete ROUTER ROUTE BACKEND'],
  summary: 'backends that clients of binding routes have; delete gives an exclusive one free',
  flags: ['service'],
  async run(context) {
    const [verb, ...args] = context.args;
    if (verb === 'list') await list(context, expectArgs(args));
    else if (verb === 'delete') await remove(context, expectArgs(args, 'ROUTER', 'ROUTE', 'BACKEND'));
    else throw new UsageError('list or delete is missing');
  },
};

async function list(context: CommandContext, _none: readonly string[]): Promise<void> {
  const found: BindingMessage[] = [];
  const pages = allPages(
    (page) => context.client.call<{ bindings: BindingMessage[]; nextPageToken: string }>('ListBindings', page),
    (page) => page.bindings,
    Number.MAX_SAFE_INTEGER,
  );
  for await (const binding of pages) found.push(binding);
  if (context.json) printJson(context, { bindings: found });
  else context.print(bindingTable(found));
}

async function remove(context: CommandContext, args: readonly string[]): Promise<void> {
  const [router, route, backend] = args;
  const request = { route: { router, route, service: context.flags.service ?? '' }, backend };
  const binding = await context.client.call<BindingMessage>('DeleteBinding', request);
  if (context.json) printJson(context, binding);
  else context.print(bindingTable([binding]));
}

function bindingTable(rows: readonly BindingMessage[]): string {
  return table(
    ['ROUTER', 'ROUTE', 'SERVICE', 'METADATA KEY', 'CLUSTER', 'BACKEND', 'EXCLUSIVE'],
    rows.map(({ route, metadataKey, cluster, backend, exclusive }) => [
      route.router,
      route.route,
      route.service,
      metadataKey,
      cluster,
      backend,
      exclusive ? 'yes' : 'no',
    ]),
  );
}
