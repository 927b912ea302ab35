import type { ConfigurationMessage } from '../../control/v1/configuration-dump.js';
import { type Command, expectArgs, printJson } from '../command.js';
import { table } from '../table.js';

export const configuration: Command = {
  usage: ['config'],
  summary: 'the routing file in effect and every setting, without secrets',
  flags: [],
  async run(context) {
    expectArgs(context.args);
    const { routing, settings } = await context.client.call<ConfigurationMessage>('GetConfiguration');
    const parsed: unknown = JSON.parse(routing);
    if (context.json) {
      printJson(context, {
        routing: parsed,
        settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
      });
      return;
    }
    context.print(
      table(
        ['SETTING', 'VALUE'],
        settings.map(({ name, value }) => [name, value]),
      ),
    );
    context.print(`\n${JSON.stringify(parsed, null, 2)}\n`);
  },
};
