import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ConfigError } from '../../src/main/config/config-error.js';
import { type LoadedRoutingFile, loadRoutingFile } from '../../src/main/config/load.js';

// biome-ignore lint/suspicious/noExplicitAny: a routing file that tests break on purpose has no type
export type LooseJson = any;

/** The service that fixture routing files route. */
export const SHOP_PROTO = `
syntax = "proto3";
package test.shop;
import "google/protobuf/empty.proto";

service Shop {
  rpc Create(Order) returns (Order);
  rpc Get(OrderId) returns (Order);
  rpc List(google.protobuf.Empty) returns (stream Order);
  rpc Upload(stream Line) returns (Receipt);
  rpc Join(Member) returns (Member);
}

message OrderId { string id = 1; }
message Order {
  string id = 1;
  OrderId parent = 20;
  double price = 3;
  repeated string tags = 4;
  uint64 serial = 5;
  map<string, string> notes = 6;
}
message Line { string order = 2; string id = 3; }
message Receipt { int64 total = 1; }
message Member { string name = 1; string id = 2; }
`;

/** A new, valid routing file with every type of route that needs no second service; tests change what they are about. */
export function shopRouting(): LooseJson {
  return {
    servers: [
      {
        name: 'front',
        address: 'localhost',
        port: 5000,
        type: 'grpc',
        routers: [{ package: 'test.shop', service: 'Shop', router: 'shop' }],
      },
    ],
    routers: [
      {
        name: 'shop',
        package: 'test.shop',
        service: 'Shop',
        proto_descriptor: 'shop.proto',
        routes: [
          {
            name: 'orders',
            type: 'rpc_affinity_message',
            association: 'round_robin',
            routing_field: 'id',
            methods: ['Create', 'Get', 'Upload'],
            nb_binding_methods: ['Create'],
            backend_cluster: 'shards',
          },
          {
            name: 'members',
            type: 'binding',
            binding: { type: 'header', field: 'shard', method: 'Join', association: 'round_robin' },
            methods: ['Join', 'Get'],
            backend_cluster: 'shards',
          },
          { name: 'rest', type: 'round_robin', methods: ['List'], backend_cluster: 'shards' },
        ],
      },
    ],
    backend_clusters: [
      {
        name: 'shards',
        backends: [
          {
            name: 'one',
            type: 'active_active',
            association: { strategy: 'serial_number', location: 'header', key: 'txn' },
            connections: [
              { name: 'a', addr: 'localhost', port: 5001 },
              { name: 'b', addr: '127.0.0.1', port: '5002' },
            ],
          },
          { name: 'two', type: 'server', connections: [{ name: 'a', addr: '', port: '' }] },
        ],
      },
    ],
  };
}

/** A directory with `shop.proto`, removed after the test. */
export function shopDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'afrouter-config-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'shop.proto'), SHOP_PROTO);
  return directory;
}

/** Writes a routing file into a directory of {@link shopDirectory}. @param text the file, or what becomes its JSON */
export function writeRouting(directory: string, text: LooseJson): string {
  const file = join(directory, 'routing.json');
  writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text));
  return file;
}

/** The parts of {@link shopRouting} by a short name. */
export function shopParts(root: LooseJson): Readonly<Record<string, LooseJson>> {
  const [router] = root.routers;
  const [orders, members, rest] = router.routes;
  const [cluster] = root.backend_clusters;
  const [one, two] = cluster.backends;
  return { root, server: root.servers[0], router, orders, members, rest, cluster, one, two };
}

/** Loads the shop's routing file after a change. */
export function loadChanged(
  context: TestContext,
  change: (parts: ReturnType<typeof shopParts>) => void,
): LoadedRoutingFile {
  const root = shopRouting();
  change(shopParts(root));
  return loadRoutingFile(writeRouting(shopDirectory(context), root));
}

/** Path, found and allowed of each problem that the shop's routing file has after a change. */
export function problemsOf(
  context: TestContext,
  change: (parts: ReturnType<typeof shopParts>) => void,
): readonly string[][] {
  try {
    loadChanged(context, change);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, found, allowed }) => [path, found, allowed]);
  }
}

/** The warnings about the shop's routing file after a change, without the file's name. */
export function warningsOf(
  context: TestContext,
  change: (parts: ReturnType<typeof shopParts>) => void,
): readonly string[] {
  return loadChanged(context, change).warnings.map((warning) => warning.slice(warning.indexOf('routing.json: ') + 14));
}
