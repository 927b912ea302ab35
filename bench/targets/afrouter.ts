import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchProcess } from '../process.js';
import type { Target } from './target.js';

const CLI = fileURLToPath(new URL('../../src/main/cli.js', import.meta.url));

/** The routing file's parts that differ between scenarios. */
export interface RouterShape {
  readonly routes: readonly object[];
  readonly backends: readonly object[];
}

/** Round robin over single backends: what HAProxy does as well. */
export function roundRobin(backends: readonly number[]): RouterShape {
  return {
    routes: [{ name: 'all', type: 'round_robin', association: 'round_robin', methods: ['*'], backend_cluster: 'c' }],
    backends: backends.map((port, i) => ({
      name: `b${i}`,
      type: 'server',
      connections: [{ name: `c${i}`, addr: '127.0.0.1', port }],
    })),
  };
}

/** This project, from `dist/`, run by `node` (path of another Node to measure it on that). */
export async function startAfrouter(
  name: string,
  dir: string,
  port: number,
  { routes, backends }: RouterShape,
  node = process.execPath,
  env: NodeJS.ProcessEnv = {},
): Promise<Target> {
  const file = join(dir, `${name}.json`);
  writeFileSync(
    file,
    JSON.stringify({
      servers: [
        {
          name: 's',
          address: '127.0.0.1',
          port,
          type: 'grpc',
          routers: [{ package: '*', service: '*', router: 'r' }],
        },
      ],
      routers: [{ name: 'r', package: 'bench', service: 'Echo', routes }],
      backend_clusters: [{ name: 'c', backends }],
    }),
  );
  const child = new BenchProcess(name, node, [CLI, '--config', file], {
    AFROUTER_LOG_LEVEL: 'warn',
    AFROUTER_ADMIN_PORT: '0',
    ...env,
  });
  await child.listening(port);
  return { name, port, process: child };
}
