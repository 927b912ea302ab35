import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchProcess } from '../process.js';
import type { Place, Target } from './target.js';

/** nginx (Debian package `nginx`), two workers, `grpc_pass`. It opens one connection to a backend for each call in flight. */
export async function startNginx({ dir, port, backends }: Place): Promise<Target> {
  const home = join(dir, `nginx-${port}`);
  mkdirSync(home);
  const file = join(home, 'nginx.conf');
  const servers = backends.map((b) => `    server 127.0.0.1:${b};`).join('\n');
  writeFileSync(
    file,
    `daemon off;
worker_processes 2;
pid ${home}/pid;
error_log stderr error;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${home}/body;
  proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi;
  scgi_temp_path ${home}/scgi;
  client_max_body_size 0;
  upstream backends {
${servers}
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} http2;
    keepalive_requests 1000000000;
    http2_max_concurrent_streams 1024;
    grpc_read_timeout 1h;
    grpc_send_timeout 1h;
    location / { grpc_pass grpc://backends; }
  }
}
`,
  );
  // Killed outright the master would leave its workers behind.
  const args = ['-p', home, '-c', file, '-e', 'stderr'];
  const process = new BenchProcess('nginx', 'nginx', args, {}, 'SIGTERM');
  await process.listening(port);
  return { name: 'nginx', port, process, tls: false };
}
