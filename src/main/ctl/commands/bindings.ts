import type { BindingMessage } from '../../control/v1/bindings.js';
import { allPages } from '../all-pages.js';
import { type Command, type CommandContext, expectArgs, printJson } from '../command.js';
import { table } from '../table.js';
import { UsageError } from '../usage-error.js';

export const bindings: Command = {
  usage: ['bindings list', 'bindings get|set|delete ROUTER ROUTE BACKEND'],
  summary: 'backends that clients of binding routes have; set keeps an exclusive one, delete gives it free',
  flags: ['service'],
  async run(context) {
    const [verb, ...args] = context.args;
    if (verb === 'list') await list(context, expectArgs(args));
    else if (verb === 'get') await one(context, 'GetBinding', args);
    else if (verb === 'set') await one(context, 'SetBinding', args);
    else if (verb === 'delete') await one(context, 'DeleteBinding', args);
    else throw new UsageError('list, get, set or delete is missing');
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

async function one(context: CommandContext, rpc: string, args: readonly string[]): Promise<void> {
  const [router, route, backend] = expectArgs(args, 'ROUTER', 'ROUTE', 'BACKEND');
  const request = { route: { router, route, service: context.flags.service ?? '' }, backend };
  const binding = await context.client.call<BindingMessage>(rpc, request);
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
