import { createServer } from 'node:net';

/**
 * Ports below the kernel's ephemeral range (32768 up), so that no outgoing connection takes one between our probe and the
 * daemon's listen, and a dial to a port where nobody listens cannot connect to itself. Each test process draws from a
 * block of its own: test files run at the same time.
 */
const FIRST = 12_000;
const BLOCK = 100;
const BLOCKS = 200;

const start = FIRST + (process.pid % BLOCKS) * BLOCK;
let next = 0;

/** Returns `count` different TCP ports on which nobody listens on 127.0.0.1. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let tries = 0; found.length < count; tries++) {
    if (tries > BLOCK * BLOCKS) throw new Error('no free port');
    const port = FIRST + ((start - FIRST + next++) % (BLOCK * BLOCKS));
    if (await isFree(port)) found.push(port);
  }
  return found;
}

/** Returns one TCP port on which nobody listens on 127.0.0.1. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

/** True when nobody listens on the port of 127.0.0.1 and of all interfaces. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, undefined));
}

function canListen(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
