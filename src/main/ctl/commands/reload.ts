import type { ReloadMessage } from '../../control/v1/reloads.js';
import { type Command, expectArgs, printJson } from '../command.js';

export const reload: Command = {
  usage: ['reload [--last]'],
  summary: 'reads the routing file again and applies it whole or not at all; --last: how the last time ended',
  flags: ['last'],
  async run(context) {
    expectArgs(context.args);
    const rpc = context.flags.last === true ? 'GetLastReload' : 'Reload';
    const result = await context.client.call<ReloadMessage>(rpc);
    if (context.json) printJson(context, result);
    else context.print(textOf(result));
    // A script learns from the exit code whether the file is in use.
    if (!result.applied) throw new Error(`not applied: ${result.errors.length} errors`);
  },
};

function textOf({ applied, reason, atUnixMs, errors, warnings, added, changed, removed }: ReloadMessage): string {
  const lines = [
    ...errors.map((error) => `error: ${error}`),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...added.map((thing) => `+ ${thing}`),
    ...changed.map((thing) => `~ ${thing}`),
    ...removed.map((thing) => `- ${thing}`),
  ];
  const outcome = applied ? (lines.length === 0 ? 'applied, no change' : 'applied') : 'rejected, nothing has changed';
  return [`${new Date(atUnixMs).toISOString()} ${reason}: ${outcome}`, ...lines, ''].join('\n');
}
