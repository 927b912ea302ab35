import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Seen from dist/demo. */
const FILE = fileURLToPath(new URL('../../config/demo.json', import.meta.url));

interface DemoFile {
  servers: { port: number }[];
  routers: { proto_descriptor: string }[];
  backend_clusters: { backends: { connections: { name: string; port: number }[] }[] }[];
  api: { port: number };
}

/** Where everything of the demo is. */
export interface Places {
  readonly configFile: string;
  readonly port: number;
  readonly controlPort: number;
  readonly replicas: ReadonlyMap<string, number>;
  /** True when a port of config/demo.json was taken, so that a copy with other ports is used. */
  readonly moved: boolean;
  /** Removes the copy. */
  clear(): void;
}

/** Takes the places from config/demo.json; when one of its ports is taken, all of them move to free ones. */
export async function findPlaces(): Promise<Places> {
  const file = JSON.parse(readFileSync(FILE, 'utf8')) as DemoFile;
  const holders = [...file.servers, file.api, ...connectionsOf(file)];
  const free = await Promise.all(holders.map(({ port }) => isFree(port)));
  if (free.every(Boolean)) return placesOf(file, FILE, false, () => {});

  for (const holder of holders) holder.port = await freePort(new Set(holders.map(({ port }) => port)));
  for (const router of file.routers) router.proto_descriptor = resolve(dirname(FILE), router.proto_descriptor);
  const directory = mkdtempSync(join(tmpdir(), 'afrouter-demo-'));
  const copy = join(directory, 'demo.json');
  writeFileSync(copy, JSON.stringify(file, null, 2));
  return placesOf(file, copy, true, () => rmSync(directory, { recursive: true, force: true }));
}

function placesOf(file: DemoFile, configFile: string, moved: boolean, clear: () => void): Places {
  return {
    configFile,
    port: file.servers[0]!.port,
    controlPort: file.api.port,
    replicas: new Map(connectionsOf(file).map(({ name, port }) => [name, port])),
    moved,
    clear,
  };
}

function connectionsOf(file: DemoFile): { name: string; port: number }[] {
  return file.backend_clusters.flatMap(({ backends }) => backends.flatMap(({ connections }) => connections));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Below the range from which the system takes ports for outgoing connections. */
async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
}
