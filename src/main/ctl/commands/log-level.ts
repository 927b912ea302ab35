import type { LevelsMessage } from '../../control/log-levels.js';
import { type Command, expectArgs, printJson } from '../command.js';
import { table } from '../table.js';

export const logLevel: Command = {
  usage: ['log-level', 'log-level COMPONENT|all LEVEL'],
  summary: 'what each thread logs, or changes it: main, worker-0, … or all',
  flags: [],
  async run(context) {
    const { client, args, json, print } = context;
    const [component, level] = args.length === 0 ? [] : expectArgs(args, 'COMPONENT', 'LEVEL');
    const levels =
      component === undefined
        ? await client.call<LevelsMessage>('GetLogLevels')
        : await client.call<LevelsMessage>('SetLogLevel', { component: component === 'all' ? '' : component, level });
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
