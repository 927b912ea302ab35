import { type Command, expectArgs, printJson } from '../command.js';
import { table } from '../table.js';

interface Levels {
  readonly components: readonly { readonly name: string; readonly level: string }[];
}

export const logLevel: Command = {
  usage: ['log-level', 'log-level COMPONENT|all LEVEL'],
  summary: 'what each thread logs, or changes it: main, worker-0, … or all',
  flags: [],
  async run(context) {
    const { client, args, json, print } = context;
    const [component, level] = args.length === 0 ? [] : expectArgs(args, 'COMPONENT', 'LEVEL');
    const levels =
      component === undefined
        ? await client.call<Levels>('GetLogLevels')
        : await client.call<Levels>('SetLogLevel', { component: component === 'all' ? '' : component, level });
    if (json) printJson(context, levels);
    else
      print(
        table(
          ['COMPONENT', 'LEVEL'],
          levels.components.map(({ name, level: its }) => [name, its]),
        ),
      );
  },
};
