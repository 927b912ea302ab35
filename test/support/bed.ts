import type { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import { Admin } from './admin.js';
import { EchoClient } from './client.js';
import { Daemon, type DaemonSettings } from './daemon.js';
import { echo, echoService } from './echo.js';
import { freePort } from './free-ports.js';
import { inRepository } from './paths.js';
import { type Handler, Replica } from './replica.js';
import type { ReplicaCall } from './replica-call.js';

export interface BackendPlan {
  /** Names of the replicas; also the names of their connections. */
  readonly replicas: readonly string[];
  /** `active_active` if not given. */
  readonly type?: 'active_active' | 'server';
  readonly association?: object;
  /** Its `tls` in the routing file, instead of that of all backends. */
  readonly tls?: object;
  /** What its replicas serve with, instead of what all do. */
  readonly credentials?: ServerCredentials;
}

/** Who of a bed speaks TLS, and how. */
export interface BedTls {
  /** `tls` of the server in the routing file. */
  readonly server?: object;
  /** `tls` of every backend in the routing file. */
  readonly backends?: object;
  /** More servers: each its port and `tls`. */
  readonly listeners?: readonly { readonly port: number; readonly tls?: object }[];
  /** More keys of the routing file. */
  readonly file?: object;
  readonly replicas?: ServerCredentials;
  readonly client?: ChannelCredentials;
}

export interface BedPlan {
  /** Cluster → backend → replicas, or all about the backend. */
  readonly clusters: Readonly<Record<string, Readonly<Record<string, readonly string[] | BackendPlan>>>>;
  /** Routes of the one router, as in a routing file. */
  readonly routes: readonly object[];
  /** Replicas that are down at the start. */
  readonly absent?: readonly string[];
  /** Connections that have no address in the file. */
  readonly unset?: readonly string[];
  readonly control?: boolean;
  /** More of the file's `api`. */
  readonly api?: object;
  /** Switches the admin HTTP server on; see `Bed.admin`. */
  readonly admin?: boolean;
  readonly tls?: BedTls;
  readonly daemon?: DaemonSettings;
}

/** A fleet of echo replicas, the daemon in front of it, and a client: everything a behaviour needs to be seen. */
export class Bed {
  readonly daemon: Daemon;
  readonly client: EchoClient;
  readonly port: number;
  readonly controlPort: number;
  /** Only with `admin: true`. */
  readonly admin: Admin;
  readonly replicas: ReadonlyMap<string, Replica>;

  private constructor(
    daemon: Daemon,
    port: number,
    controlPort: number,
    adminPort: number,
    replicas: ReadonlyMap<string, Replica>,
    secured: ChannelCredentials | undefined,
  ) {
    this.daemon = daemon;
    this.port = port;
    this.controlPort = controlPort;
    this.admin = new Admin(adminPort);
    this.replicas = replicas;
    this.client = new EchoClient(port, secured);
  }

  /** Starts it all and waits until every replica that is there is connected. */
  static async start(plan: BedPlan): Promise<Bed> {
    const replicas = new Map<string, Replica>();
    for (const backends of Object.values(plan.clusters)) {
      for (const backend of Object.values(backends)) {
        const { replicas: names, credentials = plan.tls?.replicas } = backendPlan(backend);
        for (const name of names) {
          const replica = await Replica.absent(name, echoService, echo);
          if (credentials !== undefined) replica.credentials = credentials;
          if (!plan.absent?.includes(name)) await replica.start();
          replicas.set(name, replica);
        }
      }
    }
    const port = await freePort();
    const controlPort = plan.control ? await freePort() : 0;
    const adminPort = plan.admin ? await freePort() : 0;
    try {
      const daemon = await Daemon.start(routingFile(plan, port, controlPort, replicas), {
        ...plan.daemon,
        env: { AFROUTER_ADMIN_PORT: String(adminPort), ...plan.daemon?.env },
      });
      const bed = new Bed(daemon, port, controlPort, adminPort, replicas, plan.tls?.client);
      const away = [...(plan.absent ?? []), ...(plan.unset ?? [])];
      await daemon.untilOpen([...replicas.keys()].filter((name) => !away.includes(name)));
      return bed;
    } catch (error) {
      for (const replica of replicas.values()) await replica.kill();
      throw error;
    }
  }

  replica(name: string): Replica {
    const found = this.replicas.get(name);
    if (found === undefined) throw new Error(`no replica ${name}`);
    return found;
  }

  /** All replicas do this with calls from now on; without an argument they echo. */
  handle(handler: Handler = echo): void {
    for (const replica of this.replicas.values()) replica.handler = handler;
  }

  /** Calls that carry this key in their first message, on all replicas, or on those with these names. */
  callsWithKey(key: string, names: Iterable<string> = this.replicas.keys()): ReplicaCall[] {
    return [...names].flatMap((name) => this.replica(name).calls.filter((call) => call.requests[0]?.key === key));
  }

  /** Kills the replica and waits until the router knows. */
  async kill(name: string): Promise<void> {
    await this.replica(name).kill();
    await this.daemon.untilClosed([name]);
  }

  /** Starts the replica again and waits until the router is connected. */
  async revive(name: string): Promise<void> {
    await this.replica(name).start();
    await this.daemon.untilOpen([name]);
  }

  async stop(): Promise<void> {
    this.client.stop();
    await this.daemon.stop();
    for (const replica of this.replicas.values()) await replica.kill();
  }
}

export const SERIAL_KEY = 'x-serial';
export const bySerialHeader = { strategy: 'serial_number', location: 'header', key: SERIAL_KEY };

function backendPlan(backend: readonly string[] | BackendPlan): BackendPlan {
  return 'replicas' in backend ? backend : { replicas: backend };
}

/** The routing file of a plan. */
export function routingFile(
  plan: BedPlan,
  port: number,
  controlPort: number,
  replicas: ReadonlyMap<string, Replica>,
): object {
  return {
    servers: [{ port, tls: plan.tls?.server }, ...(plan.tls?.listeners ?? [])].map((listener, index) => ({
      name: index === 0 ? 'north' : `north-${index}`,
      address: '127.0.0.1',
      port: listener.port,
      type: 'grpc',
      routers: [{ package: 'afrouter.test', service: 'Echo', router: 'echo' }],
      ...(listener.tls === undefined ? {} : { tls: listener.tls }),
    })),
    routers: [
      {
        name: 'echo',
        package: 'afrouter.test',
        service: 'Echo',
        proto_descriptor: inRepository('protos/echo.proto'),
        routes: plan.routes,
      },
    ],
    backend_clusters: Object.entries(plan.clusters).map(([name, backends]) => ({
      name,
      backends: Object.entries(backends).map(([backend, given]) => {
        const { replicas: names, type = 'active_active', association, tls = plan.tls?.backends } = backendPlan(given);
        return {
          name: backend,
          type,
          ...(tls === undefined ? {} : { tls }),
          ...(type === 'active_active' ? { association: association ?? bySerialHeader } : {}),
          connections: names.map((connection) =>
            plan.unset?.includes(connection)
              ? { name: connection, addr: '', port: '' }
              : { name: connection, addr: '127.0.0.1', port: replicas.get(connection)!.port },
          ),
        };
      }),
    })),
    ...plan.tls?.file,
    ...(controlPort === 0 ? {} : { api: { address: '127.0.0.1', port: controlPort, ...plan.api } }),
  };
}

/** A round robin route for these methods. */
export function roundRobin(name: string, cluster: string, methods: readonly string[] = ['*']): object {
  return { name, type: 'round_robin', association: 'round_robin', backend_cluster: cluster, methods };
}
