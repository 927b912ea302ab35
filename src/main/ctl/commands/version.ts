import { type Command, expectArgs, printJson } from '../command.js';
import { table } from '../table.js';

interface Version {
  readonly version: string;
  readonly node: string;
  readonly startedUnixMs: number;
  readonly pid: number;
  readonly threads: number;
  readonly calls: number;
}

export const version: Command = {
  usage: ['version'],
  summary: 'version, Node.js, start, process, threads and calls of the router',
  flags: [],
  async run(context) {
    expectArgs(context.args);
    const answer = await context.client.call<Version>('GetVersion');
    if (context.json) {
      printJson(context, answer);
      return;
    }
    const { version: its, node, startedUnixMs, pid, threads, calls } = answer;
    const started = new Date(startedUnixMs).toISOString();
    context.print(
      table(
        ['VERSION', 'NODE', 'STARTED', 'PID', 'THREADS', 'CALLS'],
        [[its, node, started, String(pid), String(threads), String(calls)]],
      ),
    );
  },
};
