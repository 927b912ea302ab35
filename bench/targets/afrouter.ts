import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchProcess } from '../process.js';
import type { Place, Target } from './target.js';

const CLI = fileURLToPath(new URL('../../src/main/cli.js', import.meta.url));
/** Seen from dist/bench/targets. */
const PROTO = fileURLToPath(new URL('../../../bench/echo.proto', import.meta.url));

/** What the routing file says of routes and backends. */
export type Shape = 'round robin' | 'affinity by field' | 'active_active';

/** How it is run. */
export interface AfrouterOptions {
  readonly name?: string;
  readonly shape?: Shape;
  /** Path of the Node that runs it. */
  readonly node: string;
  /** Flags for that Node. */
  readonly nodeArgs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

function route(shape: Shape): object {
  const common = { name: 'all', association: 'round_robin', methods: ['*'], backend_cluster: 'c' };
  return shape === 'affinity by field'
    ? { ...common, type: 'rpc_affinity_message', routing_field: 'key' }
    : { ...common, type: 'round_robin' };
}

function connection(port: number, i: number): object {
  return { name: `c${i}`, addr: '127.0.0.1', port };
}

function backends(shape: Shape, { backends: ports, tls }: Place): object[] {
  const secure = tls && { tls: { ca: tls.ca } };
  if (shape !== 'active_active') {
    return ports.map((port, i) => ({ name: `b${i}`, type: 'server', connections: [connection(port, i)], ...secure }));
  }
  const association = { strategy: 'serial_number', location: 'header', key: 'bench_serial_number' };
  return [{ name: 'b0', type: 'active_active', association, connections: ports.map(connection), ...secure }];
}

/** This project, from `dist/`. With `active_active` all backends are replicas of one. */
export async function startAfrouter(place: Place, options: AfrouterOptions): Promise<Target> {
  const { dir, port, tls } = place;
  const { name = 'afrouter', shape = 'round robin', node, nodeArgs = [], env = {} } = options;
  const file = join(dir, `afrouter-${port}.json`);
  writeFileSync(
    file,
    JSON.stringify({
      servers: [
        {
          name: 's',
          address: '127.0.0.1',
          port,
          type: 'grpc',
          routers: [{ package: 'bench', service: 'Echo', router: 'r' }],
          ...(tls && { tls: { certificate: tls.certificate, key: tls.key } }),
        },
      ],
      routers: [{ name: 'r', package: 'bench', service: 'Echo', proto_descriptor: PROTO, routes: [route(shape)] }],
      backend_clusters: [{ name: 'c', backends: backends(shape, place) }],
    }),
  );
  // Several run at a time: each would want the same admin port.
  const common = { AFROUTER_LOG_LEVEL: 'error', AFROUTER_ADMIN_PORT: '0' };
  const child = new BenchProcess(name, node, [...nodeArgs, CLI, '--config', file], { ...common, ...env });
  await child.listening(port);
  return { name, port, process: child, tls: tls !== undefined };
}
