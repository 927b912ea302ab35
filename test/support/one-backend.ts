import { inRepository } from './paths.js';

/** A service with a route for all its methods. */
export interface RoutedService {
  readonly package: string;
  readonly service: string;
  /** Path of its proto in the repository. */
  readonly proto: string;
}

/** What a routing file may have besides. */
export interface RoutingExtras {
  /** By which the replicas agree; a serial number in the metadata if not given. */
  readonly association?: object;
  /** `servers[].tls`: the listener speaks TLS. */
  readonly tls?: object;
}

/** A routing file: all methods of the services go to one backend, on one connection for each port. */
export function routingFile(
  port: number,
  services: readonly RoutedService[],
  type: 'server' | 'active_active',
  replicas: readonly number[],
  { association = { strategy: 'serial_number', location: 'header' }, tls }: RoutingExtras = {},
): object {
  return {
    servers: [
      {
        name: 'conformance',
        address: '127.0.0.1',
        port,
        type: 'grpc',
        ...(tls === undefined ? {} : { tls }),
        routers: services.map((each) => ({ package: each.package, service: each.service, router: each.service })),
      },
    ],
    routers: services.map((each) => ({
      name: each.service,
      package: each.package,
      service: each.service,
      proto_descriptor: inRepository(each.proto),
      routes: [
        {
          name: `all-${each.service}`,
          type: 'round_robin',
          association: 'round_robin',
          backend_cluster: 'cluster',
          methods: ['*'],
        },
      ],
    })),
    backend_clusters: [
      {
        name: 'cluster',
        backends: [
          {
            name: 'backend',
            type,
            ...(type === 'server' ? {} : { association }),
            connections: replicas.map((at, i) => ({ name: connectionName(i), addr: '127.0.0.1', port: at })),
          },
        ],
      },
    ],
  };
}

/** Name of the connection to the replica with this index. */
export function connectionName(index: number): string {
  return `replica-${index}`;
}
