import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { ScratchPool } from '../http2/codec/scratch-pool.js';
import { Turn } from '../http2/codec/turn.js';
import { SharedHeaderLists } from '../http2/hpack/shared-header-lists.js';
import { newFlowCounters } from '../http2/session/flow-counters.js';
import { newLimitCounters } from '../http2/session/limit-counters.js';
import type { SessionContext } from '../http2/session/options.js';
import type { ThreadLog } from '../observability/log.js';
import type { WorkerSettings } from '../port/control-messages.js';
import { creditStep } from '../port/records.js';
import type { BackendLink } from './backends/backend-link.js';
import { buildClusters, type Cluster } from './backends/cluster.js';
import { placeBackends } from './backends/placement.js';
import { WorkerHost } from './backends/worker-host.js';
import { CertificateRenewal } from './certificates/certificate-renewal.js';
import { adminAddress } from './config/admin-address.js';
import type { RouterConfig, RoutingFile } from './config/routing-file.js';
import type { Settings } from './config/settings.js';
import { AdminServer } from './control/admin-http.js';
import { configurationService } from './control/configuration-api.js';
import { ControlServer } from './control/control-server.js';
import { controlToken } from './control/control-token.js';
import { RouterControls } from './control/controls.js';
import { healthService } from './control/health-service.js';
import { Lookup } from './control/lookup.js';
import { controlService } from './control/v1/control-service.js';
import { Liveness } from './health/liveness.js';
import { Readiness } from './health/readiness.js';
import { MetricsCollector } from './metrics/metrics-collector.js';
import type { CallContext, NorthboundCounters } from './northbound/call-context.js';
import { ListenerCalls } from './northbound/call-counters.js';
import { HeldBudget } from './northbound/held-budget.js';
import { Listener, type ListenerOptions } from './northbound/listener.js';
import { packageVersion } from './package-file.js';
import { buildRouters, type Routers } from './routing/build-routers.js';

/** Different header lists remembered; enough for the methods of many services, small against memory. */
const SHARED_HEADER_LISTS = 4096;

/**
 * The whole router: built from its configuration, started, drained, stopped. The only file that knows all the parts;
 * everything else is given what it needs. Nothing is global, so two daemons can live in one process.
 */
export class Daemon {
  private readonly settings: Settings;
  private readonly log: Logger;
  private readonly hosts: readonly WorkerHost[];
  private readonly clusters: ReadonlyMap<string, Cluster>;
  private readonly routers: Routers;
  private readonly budget: HeldBudget;
  private readonly listeners: readonly Listener[];
  private readonly api: ControlServer | undefined;
  private readonly readiness: Readiness;
  private readonly admin: AdminServer | undefined;
  private readonly renewal: CertificateRenewal;
  private stopped: Promise<void> | null = null;

  /**
   * @param config a valid routing file
   * @throws Error when a service definition or the like cannot be used; no port is open then
   */
  constructor(config: RoutingFile, settings: Settings, threadLog: ThreadLog) {
    const log = threadLog.logger;
    this.settings = settings;
    this.log = log;
    const turn = new Turn();
    const clusters = buildClusters(config.clusters);
    this.clusters = clusters;
    this.hosts = buildHosts(clusters, settings, turn, log);
    this.budget = new HeldBudget(settings.heldBytes);
    this.routers = buildRouters(config, clusters, {
      affinityEntries: settings.affinityEntries,
      affinityIdleMs: settings.affinityIdleMs,
      now: () => performance.now(),
    });
    this.readiness = new Readiness(settings.readyPolicy, clusters, clustersOfServices(config.routers));
    for (const backend of backendsOf(clusters)) backend.onAvailability = () => this.readiness.changed();
    this.listeners = this.buildListeners(config, turn);
    this.renewal = new CertificateRenewal(settings.certificatePollMs);
    this.watchCertificates(config, clusters);
    this.api = this.buildApi(config, new Lookup(clusters, this.routers, this.hosts), threadLog);
    this.admin = this.buildAdmin(config);
  }

  private buildListeners(config: RoutingFile, turn: Turn): Listener[] {
    const { settings, log, budget } = this;
    const session: SessionContext = {
      turn,
      scratch: new ScratchPool(),
      sharedLists: new SharedHeaderLists(SHARED_HEADER_LISTS),
    };
    const keys = identityKeys(config);
    return config.servers.map((server) => {
      const counters: NorthboundCounters = {
        notGrpc: 0,
        oversizedHeaders: 0,
        deadlines: 0,
        connections: 0,
        connectionsRefused: 0,
        handshakesFailed: 0,
        handshakeTimeouts: 0,
      };
      const context: CallContext = {
        router: this.routers.forServer(server),
        budget,
        maxMessageBytes: settings.maxMessageBytes,
        deadlineSlackMs: settings.deadlineSlackMs,
        creditStep: creditStep(settings.streamWindow),
        counters,
        calls: new ListenerCalls(),
        turn,
        health: settings.northboundHealth ? this.readiness : undefined,
        log: log.child({ listener: server.name }),
      };
      const options: ListenerOptions = {
        session: { ...settings, keepaliveIdle: true, counters: newLimitCounters(), flow: newFlowCounters() },
        maxConnections: settings.maxConnections,
        tlsHandshakeMs: settings.tlsHandshakeMs,
        identityKeys: keys,
      };
      return new Listener(server, context, session, options);
    });
  }

  private buildApi(config: RoutingFile, lookup: Lookup, threadLog: ThreadLog): ControlServer | undefined {
    const { settings, hosts, listeners, readiness, routers, log } = this;
    if (config.api === undefined) return undefined;
    const watch = readiness.watch.bind(readiness);
    return new ControlServer(
      config.api,
      controlToken(settings),
      [
        configurationService(new RouterControls(lookup, routers, hosts), log),
        controlService({ lookup, hosts, listeners, config, settings, log: threadLog, watch }),
        healthService(readiness),
      ],
      log,
    );
  }

  private buildAdmin(config: RoutingFile): AdminServer | undefined {
    const address = adminAddress(this.settings, config.probe);
    if (address === undefined) return undefined;
    const collector = new MetricsCollector({
      listeners: this.listeners,
      hosts: this.hosts,
      backends: backendsOf(this.clusters),
      routers: this.routers,
      budget: this.budget,
      readiness: this.readiness,
      version: packageVersion(),
    });
    const liveness = new Liveness(this.hosts, () => performance.now());
    return new AdminServer(
      address,
      {
        liveness: () => liveness.reasons(),
        readiness: () => this.readiness.reasons(),
        metrics: () => collector.scrape(),
      },
      this.log,
    );
  }

  /**
   * Starts the workers, then opens every port.
   * @throws Error (rejects) when a port cannot be had; everything is stopped again then
   */
  async start(): Promise<void> {
    try {
      // First: a probe that comes meanwhile is told that the router starts.
      await this.admin?.listen();
      await Promise.all(this.hosts.map((host) => host.start()));
      await this.api?.listen();
      for (const listener of this.listeners) await listener.listen();
      this.renewal.start();
      this.readiness.started();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.log.info(
      {
        event: 'ready',
        pid: process.pid,
        workers: this.hosts.length,
        listeners: this.listeners.map(({ config }) => `${config.name} ${config.address}:${config.port}`),
      },
      'ready',
    );
  }

  /** Changed certificate files reach the listeners and, through the workers, the connections to backends. */
  private watchCertificates(config: RoutingFile, clusters: ReadonlyMap<string, Cluster>): void {
    for (const listener of this.listeners) {
      const { name, tls } = listener.config;
      if (tls === undefined) continue;
      this.renewal.watch(
        tls.certificates,
        (material) => listener.renewCertificates(material),
        this.log.child({ listener: name }),
      );
    }
    for (const cluster of config.clusters) {
      cluster.backends.forEach(({ name, tls }, index) => {
        if (tls === undefined) return;
        const backend = clusters.get(cluster.name)!.backends[index]!;
        const host = this.hosts.find((candidate) => candidate.owns(backend))!;
        const log = this.log.child({ cluster: cluster.name, backend: name });
        this.renewal.watch(tls.certificates, (material) => host.renew(backend, material), log);
      });
    }
  }

  /** Says that it is not ready, takes no new calls, lets those in flight finish for up to the drain limit, and stops. */
  async drain(): Promise<void> {
    this.readiness.drain();
    this.log.info({ event: 'draining', calls: this.callCount, limitMs: this.settings.drainMs }, 'draining');
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.settings.drainMs);
    });
    await Promise.race([Promise.all(this.listeners.map((listener) => listener.drain())), limit]);
    clearTimeout(timer);
    await this.stop();
  }

  /** Calls in flight. */
  get callCount(): number {
    return this.hosts.reduce((sum, host) => sum + host.callCount, 0);
  }

  /** Ends everything now. Calls in flight are cut off. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  private async stopAll(): Promise<void> {
    this.log.info({ event: 'stopping', calls: this.callCount }, 'stopping');
    this.renewal.stop();
    for (const listener of this.listeners) listener.close();
    this.api?.close();
    await Promise.all(this.hosts.map((host) => host.stop()));
    await this.admin?.close();
  }
}

function backendsOf(clusters: ReadonlyMap<string, Cluster>): BackendLink[] {
  return [...clusters.values()].flatMap((cluster) => cluster.backends);
}

/** The clusters that the routes of each service (`package.Service`) lead to. */
function clustersOfServices(routers: readonly RouterConfig[]): ReadonlyMap<string, ReadonlySet<string>> {
  const services = new Map<string, Set<string>>();
  for (const { package: packageName, service, routes } of routers) {
    const name = packageName === '' ? service : `${packageName}.${service}`;
    const clusters = services.get(name) ?? new Set();
    for (const { cluster } of routes) clusters.add(cluster);
    services.set(name, clusters);
  }
  return services;
}

function buildHosts(clusters: ReadonlyMap<string, Cluster>, settings: Settings, turn: Turn, log: Logger): WorkerHost[] {
  const backends = backendsOf(clusters);
  const workerSettings: WorkerSettings = settings;
  return placeBackends(backends.length, settings.workers, availableParallelism()).map(
    (indexes, id) =>
      new WorkerHost(
        id,
        indexes.map((index) => backends[index]!),
        workerSettings,
        turn,
        log,
      ),
  );
}

function identityKeys(config: RoutingFile): readonly string[] {
  return [...new Set(config.servers.map(({ tls }) => tls?.identityKey).filter((key) => key !== undefined))];
}
