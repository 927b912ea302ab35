import { findDestination } from '../backends.js';
import { type Command, expectArgs, printJson } from '../command.js';
import { UsageError } from '../usage-error.js';

export const connection: Command = {
  usage: ['connection set [--cluster NAME] BACKEND.CONNECTION HOST:PORT'],
  summary: 'moves a connection to another address (SetConnection)',
  flags: ['cluster'],
  async run(context) {
    const { client, args, flags, json, print } = context;
    const [verb, ...rest] = args;
    if (verb !== 'set') throw new UsageError('set is missing');
    const [name, address] = expectArgs(rest, 'BACKEND.CONNECTION', 'HOST:PORT');
    const parts = /^(?:\[(?<six>.+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/.exec(address!)?.groups;
    if (parts === undefined) throw new UsageError(`${JSON.stringify(address)} is not HOST:PORT`);
    const destination = await findDestination(client, name!, String(flags.cluster ?? ''));
    if (destination.connection === '') throw new UsageError(`${name} is a backend; name one of its connections`);
    const request = { ...destination, addr: parts.six ?? parts.host, port: Number(parts.port) };
    const { success, error } = await client.call<{ success: boolean; error: string }>(
      'SetConnection',
      request,
      'afrouter.Configuration',
    );
    if (!success) throw new Error(error);
    if (json) printJson(context, request);
    else print(`${name} moves to ${address}\n`);
  },
};
