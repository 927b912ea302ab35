import { Exposition } from '../../observability/exposition.js';
import { LoopMonitor } from '../../observability/loop-monitor.js';
import { METRICS } from '../../observability/metrics.js';
import type { Fleet } from '../backends/fleet.js';
import { inTime } from '../backends/in-time.js';
import type { Readiness } from '../health/readiness.js';
import type { HeldBudget } from '../northbound/held-budget.js';
import type { Listener } from '../northbound/listener.js';
import type { ReloadCounters } from '../reload/reloader.js';
import type { Routers } from '../routing/build-routers.js';
import { addBackendDurations, addHeldBytes, addListener } from './call-metrics.js';
import { addRouting } from './routing-metrics.js';
import { addLoop, addWorker } from './worker-metrics.js';

/** A scraper waits 10 s by default; a worker that has not answered long before is left out. */
const WORKER_PATIENCE_MS = 2000;

/** The parts of the router that count. */
export interface CountingParts {
  readonly listeners: Iterable<Listener>;
  readonly fleet: Fleet;
  /** Those in use. */
  readonly routers: () => Routers;
  readonly budget: HeldBudget;
  readonly readiness: Readiness;
  readonly reloads: ReloadCounters;
  readonly version: string;
}

/** Gathers at each scrape what all parts have counted; between scrapes it does nothing. */
export class MetricsCollector {
  private readonly parts: CountingParts;
  private readonly out = new Exposition(Object.values(METRICS));
  private readonly loop = new LoopMonitor();

  constructor(parts: CountingParts) {
    this.parts = parts;
  }

  /** Everything as text. One scrape at a time. */
  async scrape(): Promise<string> {
    const { listeners, fleet, routers, budget, readiness, reloads, version } = this.parts;
    const { out } = this;
    const hosts = [...fleet.hosts];
    const backends = fleet.byNumber;
    const snapshots = await Promise.all(hosts.map((host) => inTime(host.snapshot(), WORKER_PATIENCE_MS)));
    out.begin();
    for (const listener of listeners) addListener(out, listener, backends);
    addBackendDurations(out, backends);
    addHeldBytes(out, budget);
    addRouting(out, routers());
    for (const [i, host] of hosts.entries()) addWorker(out, host, snapshots[i] ?? null, backends);
    addLoop(out, 'main', this.loop.read());
    out.add(METRICS.ready, [], readiness.reasons().length === 0 ? 1 : 0);
    out.add(METRICS.reloads, ['applied'], reloads.applied);
    out.add(METRICS.reloads, ['rejected'], reloads.rejected);
    out.add(METRICS.buildInfo, [version, process.version], 1);
    return out.text();
  }
}
