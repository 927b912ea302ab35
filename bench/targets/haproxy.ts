import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchProcess } from '../process.js';
import type { Target } from './target.js';

/** HAProxy (Debian package `haproxy`), two threads, round robin over the backends, HTTP/2 in clear on both sides. */
export async function startHaproxy(dir: string, port: number, backends: readonly number[]): Promise<Target> {
  const servers = backends.map((b, i) => `  server b${i} 127.0.0.1:${b} proto h2`).join('\n');
  const file = join(dir, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 2
  maxconn 20000
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
frontend in
  bind 127.0.0.1:${port} proto h2
  default_backend out
backend out
  balance roundrobin
${servers}
`,
  );
  const process = new BenchProcess('haproxy', 'haproxy', ['-db', '-q', '-f', file]);
  await process.listening(port);
  return { name: 'haproxy', port, process };
}
