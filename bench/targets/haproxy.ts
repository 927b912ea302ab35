import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchProcess } from '../process.js';
import type { Place, Target } from './target.js';

/** What HAProxy is to do. */
export interface HaproxyOptions {
  /** Send calls with the same message field 1 to the same backend; round robin without. */
  readonly stick?: boolean;
  /**
   * `http-reuse`. `always`, used unless told otherwise, lets all clients share connections to the backends from their first call
   * on, as we do: `safe`, HAProxy's default, opens one for each client, which is several times slower with hundreds of clients and
   * runs out of file descriptors with ten thousand. But streams that nobody reads stop a shared connection, and with it the others.
   */
  readonly reuse?: 'always' | 'safe';
}

/** Keeps, per value of message field 1, the backend it went to: what our affinity by message field does. */
const STICK = `
  option http-buffer-request
  stick-table type string len 32 size 200k
  stick on req.body,ungrpc(1)`;

/** HAProxy (Debian package `haproxy`), two threads, HTTP/2 on both sides. */
export async function startHaproxy(place: Place, { stick, reuse = 'always' }: HaproxyOptions = {}): Promise<Target> {
  const { dir, port, backends, tls } = place;
  const toServer =
    tls === undefined ? 'proto h2' : `ssl alpn h2 verify required ca-file ${tls.ca} verifyhost localhost`;
  const servers = backends.map((b, i) => `  server b${i} 127.0.0.1:${b} ${toServer}`).join('\n');
  const fromClient = tls === undefined ? 'proto h2' : `ssl crt ${tls.both} alpn h2`;
  const file = join(dir, `haproxy-${port}.cfg`);
  writeFileSync(
    file,
    `global
  nbthread 2
  maxconn 20000
  no strict-limits
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend in
  bind 127.0.0.1:${port} backlog 4096 ${fromClient}
  default_backend out
backend out
  balance roundrobin
  http-reuse ${reuse}${stick ? STICK : ''}
${servers}
`,
  );
  const process = new BenchProcess('haproxy', 'haproxy', ['-db', '-q', '-f', file]);
  await process.listening(port);
  return { name: 'HAProxy', port, process, tls: tls !== undefined };
}
