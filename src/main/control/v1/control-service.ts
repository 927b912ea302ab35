import type { ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { Status } from '../../../grpc/status-code.js';
import type { WorkerHost } from '../../backends/worker-host.js';
import type { RoutingFile } from '../../config/routing-file.js';
import type { Settings } from '../../config/settings.js';
import type { Listener } from '../../northbound/listener.js';
import { packageVersion } from '../../package-file.js';
import type { Reloader } from '../../reload/reloader.js';
import { ControlError } from '../control-error.js';
import type { GrpcService } from '../grpc-service.js';
import type { LogLevels } from '../log-levels.js';
import type { Lookup } from '../lookup.js';
import { Affinities } from './affinities.js';
import { RouteBindings } from './bindings.js';
import { CallList } from './calls.js';
import { type ClustersEvent, ClusterWatch } from './cluster-watch.js';
import { ClusterStates } from './clusters.js';
import { dumpConfiguration } from './configuration-dump.js';
import { Drains } from './drains.js';
import { Reloads } from './reloads.js';
import { change, query, serviceError } from './rpc.js';
import { WorkerAnswers } from './worker-answers.js';

/** Watchers at a time; each is looked after whenever a connection opens or closes. */
const MAX_WATCHERS = 64;

/** The parts of the router that the control API shows and changes. */
export interface ControlledRouter {
  readonly lookup: Lookup;
  readonly hosts: readonly WorkerHost[];
  readonly listeners: Iterable<Listener>;
  /** The one in use. */
  readonly config: () => RoutingFile;
  readonly settings: Settings;
  readonly reloader: Reloader;
  readonly levels: LogLevels;
  readonly log: Logger;
  /** Calls `watcher` whenever a connection or a backend may have changed. Returns what ends that. */
  watch(watcher: () => void): () => void;
}

/** `afrouter.v1.Control` (protos/control.proto). */
export function controlService(router: ControlledRouter): GrpcService {
  const { lookup, hosts, config, settings, levels, log } = router;
  const workers = new WorkerAnswers();
  const states = new ClusterStates(lookup, workers);
  const affinities = new Affinities(lookup);
  const bindings = new RouteBindings(lookup);
  const drains = new Drains(lookup, states);
  const calls = new CallList(lookup, workers, router.listeners);
  const reloads = new Reloads(router.reloader);
  const startedUnixMs = Math.round(performance.timeOrigin);
  const handlers: UntypedServiceImplementation = {
    ListClusters: query(log, 'ListClusters', async ({ cluster }: { cluster: string }) => ({
      clusters: await states.list(cluster),
    })),
    WatchClusters: watchClusters(router, states, log),
    ListAffinities: query(log, 'ListAffinities', affinities.list.bind(affinities)),
    GetAffinity: query(log, 'GetAffinity', affinities.get.bind(affinities)),
    SetAffinity: change(log, 'SetAffinity', affinities.set.bind(affinities)),
    DeleteAffinity: change(log, 'DeleteAffinity', affinities.delete.bind(affinities)),
    ListBindings: query(log, 'ListBindings', bindings.list.bind(bindings)),
    GetBinding: query(log, 'GetBinding', bindings.get.bind(bindings)),
    SetBinding: change(log, 'SetBinding', bindings.set.bind(bindings)),
    DeleteBinding: change(log, 'DeleteBinding', bindings.delete.bind(bindings)),
    DrainBackend: change(log, 'DrainBackend', (request: Parameters<Drains['backend']>[0]) =>
      drains.backend(request, true),
    ),
    UndrainBackend: change(log, 'UndrainBackend', (request: Parameters<Drains['backend']>[0]) =>
      drains.backend(request, false),
    ),
    DrainConnection: change(log, 'DrainConnection', (request: Parameters<Drains['connection']>[0]) =>
      drains.connection(request, true),
    ),
    UndrainConnection: change(log, 'UndrainConnection', (request: Parameters<Drains['connection']>[0]) =>
      drains.connection(request, false),
    ),
    GetLogLevels: query(log, 'GetLogLevels', () => levels.get()),
    SetLogLevel: change(log, 'SetLogLevel', levels.set.bind(levels)),
    GetConfiguration: query(log, 'GetConfiguration', () =>
      dumpConfiguration(config(), settings, lookup.backend.bind(lookup)),
    ),
    Reload: change(log, 'Reload', () => reloads.reload()),
    GetLastReload: query(log, 'GetLastReload', () => reloads.last()),
    ListCalls: query(log, 'ListCalls', calls.list.bind(calls)),
    GetVersion: query(log, 'GetVersion', () => ({
      version: packageVersion(),
      node: process.version,
      startedUnixMs,
      pid: process.pid,
      threads: 1 + hosts.length,
      calls: hosts.reduce((sum, { callCount }) => sum + callCount, 0),
    })),
  };
  return { file: 'control.proto', name: 'afrouter.v1.Control', handlers };
}

function watchClusters(
  router: ControlledRouter,
  states: ClusterStates,
  log: Logger,
): (stream: ServerWritableStream<{ cluster: string }, ClustersEvent>) => void {
  let watchers = 0;
  return (stream) => {
    if (watchers >= MAX_WATCHERS) {
      const error = new ControlError(Status.RESOURCE_EXHAUSTED, `there are ${MAX_WATCHERS} watchers already`);
      stream.emit('error', serviceError(log, 'WatchClusters', error));
      return;
    }
    watchers++;
    const fail = (error: unknown) => stream.emit('error', serviceError(log, 'WatchClusters', error));
    const watch = new ClusterWatch(states, stream, fail);
    const unwatch = router.watch(() => watch.notice());
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      watchers--;
      watch.end();
      unwatch();
    };
    stream.on('cancelled', end);
    stream.on('close', end);
    stream.on('error', end);
    void watch.begin();
  };
}
