import type { BackendMessage } from '../../control/v1/clusters.js';
import { findDestination } from '../backends.js';
import { type Command, type CommandContext, expectArgs, printJson } from '../command.js';
import { stateTable } from './clusters.js';

export const drain: Command = {
  usage: ['drain [--cluster NAME] BACKEND[.CONNECTION]'],
  summary: 'no new calls there; those in flight end by themselves, and keys bound to a backend stay with it',
  flags: ['cluster'],
  run: (context) => change(context, 'Drain'),
};

export const undrain: Command = {
  usage: ['undrain [--cluster NAME] BACKEND[.CONNECTION]'],
  summary: 'calls go there again',
  flags: ['cluster'],
  run: (context) => change(context, 'Undrain'),
};

async function change(context: CommandContext, verb: 'Drain' | 'Undrain'): Promise<void> {
  const { client, args, flags, json, print } = context;
  const [name] = expectArgs(args, 'BACKEND[.CONNECTION]');
  const destination = await findDestination(client, name!, String(flags.cluster ?? ''));
  const method = `${verb}${destination.connection === '' ? 'Backend' : 'Connection'}`;
  const backend = await client.call<BackendMessage>(method, destination);
  if (json) printJson(context, backend);
  else print(stateTable([backend]));
}
