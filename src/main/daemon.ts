import type { Logger } from 'pino';
import { Turn } from '../http2/codec/turn.js';
import type { ThreadLog } from '../observability/log.js';
import { backendsOf } from './backends/cluster.js';
import { Fleet } from './backends/fleet.js';
import { callReporter } from './call-reports/reporting.js';
import { CertificateRenewal } from './certificates/certificate-renewal.js';
import { adminAddress } from './config/admin-address.js';
import type { LoadedRoutingFile } from './config/load.js';
import type { RouterConfig, RoutingFile } from './config/routing-file.js';
import type { Settings } from './config/settings.js';
import { AdminServer } from './control/admin-http.js';
import { configurationService } from './control/configuration-api.js';
import { ControlServer } from './control/control-server.js';
import { controlToken } from './control/control-token.js';
import { RouterControls } from './control/controls.js';
import { healthService } from './control/health-service.js';
import { LogLevels } from './control/log-levels.js';
import { Lookup } from './control/lookup.js';
import { controlService } from './control/v1/control-service.js';
import { Liveness } from './health/liveness.js';
import { Readiness } from './health/readiness.js';
import { MetricsCollector } from './metrics/metrics-collector.js';
import { ListenerFactory } from './northbound/listener-factory.js';
import { Listeners } from './northbound/listeners.js';
import { packageVersion } from './package-file.js';
import { type Reloadable, Reloader } from './reload/reloader.js';
import { buildRouters, type Routers, type RoutingOptions } from './routing/build-routers.js';
import type { Tracing } from './tracing/open-telemetry.js';

/** How long backends that are dialled for the first time have to connect before calls are routed to them, in ms. */
const CONNECT_PATIENCE_MS = 2000;

/**
 * The whole router: built from its configuration, started, given another configuration, drained, stopped. The only file that
 * knows all the parts; everything else is given what it needs. Nothing is global, so two daemons can live in one process.
 */
export class Daemon implements Reloadable {
  config: RoutingFile;
  readonly reloader: Reloader;
  private readonly settings: Settings;
  private readonly log: Logger;
  private readonly fleet: Fleet;
  private readonly factory: ListenerFactory;
  private readonly listeners: Listeners;
  private readonly readiness: Readiness;
  private readonly admin: AdminServer | undefined;
  private readonly tracing: Tracing | null;
  private routers: Routers;
  private readonly threadLog: ThreadLog;
  readonly logLevels: LogLevels;
  private api: ControlServer | undefined;
  private renewal: CertificateRenewal;
  private stopped: Promise<void> | null = null;

  /**
   * @param config a valid routing file
   * @param load reads and checks the routing file again; throws ConfigError
   * @param tracing null = no traces
   * @throws Error when a service definition or the like cannot be used; no port is open then
   */
  constructor(
    config: RoutingFile,
    load: () => LoadedRoutingFile,
    settings: Settings,
    threadLog: ThreadLog,
    tracing: Tracing | null,
  ) {
    this.tracing = tracing;
    this.threadLog = threadLog;
    this.config = config;
    this.reloader = new Reloader(load, this, threadLog.area('config'));
    this.settings = settings;
    this.log = threadLog.logger;
    const northbound = threadLog.area('northbound');
    const turn = new Turn();
    this.readiness = new Readiness(settings.readyPolicy);
    this.fleet = new Fleet(config.clusters, settings, turn, threadLog.area('backends'), () => this.readiness.changed());
    this.logLevels = new LogLevels(threadLog, this.fleet.hosts);
    this.factory = new ListenerFactory(
      settings,
      this.readiness,
      turn,
      northbound,
      callReporter(settings, turn, tracing),
    );
    this.listeners = new Listeners(this.factory, settings.drainMs, northbound);
    this.routers = buildRouters(config, this.fleet.clusters, this.routingOptions());
    this.readiness.configure(this.fleet.clusters, clustersOfServices(config.routers));
    this.renewal = new CertificateRenewal(settings.certificatePollMs);
    this.api = this.buildApi(config);
    this.admin = this.buildAdmin(config);
  }

  private routingOptions(): RoutingOptions {
    const { affinityEntries, affinityIdleMs } = this.settings;
    return { affinityEntries, affinityIdleMs, now: () => performance.now() };
  }

  private buildApi({ api }: RoutingFile): ControlServer | undefined {
    if (api === undefined) return undefined;
    const { settings, fleet, listeners, readiness, reloader, logLevels: levels } = this;
    const log = this.threadLog.area('control');
    const routers = (): Routers => this.routers;
    const config = (): RoutingFile => this.config;
    const lookup = new Lookup(fleet, routers);
    const watch = readiness.watch.bind(readiness);
    return new ControlServer(
      api,
      controlToken(settings),
      settings.tlsHandshakeMs,
      [
        configurationService(new RouterControls(lookup, fleet, routers), log),
        controlService({ lookup, hosts: fleet.hosts, listeners, config, settings, reloader, levels, log, watch }),
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
      fleet: this.fleet,
      routers: () => this.routers,
      budget: this.factory.budget,
      readiness: this.readiness,
      reloads: this.reloader.counters,
      version: packageVersion(),
    });
    const liveness = new Liveness(this.fleet.hosts, () => performance.now());
    return new AdminServer(
      address,
      {
        liveness: () => liveness.reasons(),
        readiness: () => this.readiness.reasons(),
        metrics: () => collector.scrape(),
      },
      this.threadLog.area('control'),
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
      await this.fleet.start();
      await this.api?.listen();
      const change = this.listeners.plan(this.config.servers);
      await this.listeners.open(change);
      // Whoever connects meanwhile is served afterwards, and finds the backends there.
      await this.fleet.untilDialled(backendsOf(this.fleet.clusters), CONNECT_PATIENCE_MS);
      this.listeners.settle(change, (server) => this.routers.forServer(server));
      this.watchCertificates();
      this.readiness.started();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.log.info(
      {
        event: 'ready',
        pid: process.pid,
        workers: this.fleet.hosts.length,
        listeners: this.config.servers.map(({ name, address, port }) => `${name} ${address}:${port}`),
      },
      'ready',
    );
  }

  /**
   * Takes another configuration into use. Calls in flight go on where they are; what stays keeps its connections and its keys.
   * New ports are opened and new backends connected before anything is routed by it, so that what fails fails before.
   * @throws Error (rejects) when a port cannot be had; nothing has changed then
   */
  async apply(config: RoutingFile): Promise<void> {
    const fleet = this.fleet.plan(config.clusters);
    const listeners = this.listeners.plan(config.servers);
    const api = sameAddress(this.config, config) ? this.api : this.buildApi(config);
    await this.listeners.open(listeners);
    try {
      if (api !== this.api) await api?.listen();
    } catch (error) {
      for (const listener of listeners.added) listener.close();
      throw error;
    }
    await this.fleet.extend(fleet);
    await this.fleet.untilDialled(fleet.added, CONNECT_PATIENCE_MS);
    this.routers = buildRouters(config, fleet.clusters, this.routingOptions(), this.routers);
    this.listeners.settle(listeners, (server) => this.routers.forServer(server));
    this.fleet.settle(fleet);
    this.readiness.configure(fleet.clusters, clustersOfServices(config.routers));
    if (api !== this.api) this.api?.close();
    else if (config.api !== undefined) api?.configure(config.api);
    this.api = api;
    this.config = config;
    this.watchCertificates();
  }

  /** Changed certificate files reach the listeners and, through the workers, the connections to backends. */
  private watchCertificates(): void {
    this.renewal.stop();
    this.renewal = new CertificateRenewal(this.settings.certificatePollMs);
    const log = this.threadLog.area('certificates');
    for (const listener of this.listeners) {
      const { name, tls } = listener.config;
      if (tls === undefined) continue;
      this.renewal.watch(
        tls.certificates,
        (material) => listener.renewCertificates(material),
        log.child({ listener: name }),
      );
    }
    const { tls: apiTls } = this.config.api ?? {};
    if (apiTls !== undefined) {
      const log = this.log.child({ listener: 'control API' });
      this.renewal.watch(apiTls.certificates, (material) => this.api?.renewCertificates(material), log);
    }
    for (const cluster of this.config.clusters) {
      for (const { name, tls } of cluster.backends) {
        if (tls === undefined) continue;
        const backend = this.fleet.clusters.get(cluster.name)!.backend(name)!;
        const backendLog = log.child({ cluster: cluster.name, backend: name });
        this.renewal.watch(
          tls.certificates,
          (material) => this.fleet.hostOf(backend).renew(backend, material),
          backendLog,
        );
      }
    }
    this.renewal.start();
  }

  /** Says that it is not ready, takes no new calls, lets those in flight finish for up to the drain limit, and stops. */
  async drain(): Promise<void> {
    this.readiness.drain();
    this.log.info({ event: 'draining', calls: this.fleet.callCount, limitMs: this.settings.drainMs }, 'draining');
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.settings.drainMs);
    });
    await Promise.race([this.listeners.drain(), limit]);
    clearTimeout(timer);
    await this.stop();
  }

  /** Ends everything now. Calls in flight are cut off. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  private async stopAll(): Promise<void> {
    this.log.info({ event: 'stopping', calls: this.fleet.callCount }, 'stopping');
    this.renewal.stop();
    this.listeners.close();
    this.api?.close();
    await this.fleet.stop();
    await this.tracing?.stop();
    await this.admin?.close();
  }
}

function sameAddress({ api: before }: RoutingFile, { api: after }: RoutingFile): boolean {
  return before?.address === after?.address && before?.port === after?.port;
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
