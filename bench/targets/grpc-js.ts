import { fileURLToPath } from 'node:url';
import { BenchProcess } from '../process.js';
import type { Place, Target } from './target.js';

const PROXY = fileURLToPath(new URL('./grpc-js-proxy.js', import.meta.url));

/** The plain @grpc/grpc-js proxy of grpc-js-proxy.ts. */
export async function startGrpcJs({ port, backends }: Place): Promise<Target> {
  const child = new BenchProcess('grpc-js', process.execPath, [PROXY, String(port), ...backends.map(String)]);
  await child.listening(port);
  return { name: 'grpc-js', port, process: child, tls: false };
}
