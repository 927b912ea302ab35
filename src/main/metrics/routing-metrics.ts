import type { Exposition } from '../../observability/exposition.js';
import { METRICS } from '../../observability/metrics.js';
import type { Routers } from '../routing/build-routers.js';

/** What routes remember. */
export function addRouting(out: Exposition, routers: Routers): void {
  for (const {
    router,
    config: { name: route },
    affinity,
    bindings,
  } of routers.memories()) {
    if (affinity !== undefined) {
      const { evictions, expirations, refusals, conflicts } = affinity.table.counters;
      out.add(METRICS.affinityEntries, [router, route], affinity.table.size);
      out.add(METRICS.affinityForgotten, [router, route, 'evicted'], evictions);
      out.add(METRICS.affinityForgotten, [router, route, 'expired'], expirations);
      out.add(METRICS.affinityRefusals, [router, route, 'full'], refusals);
      out.add(METRICS.affinityRefusals, [router, route, 'conflict'], conflicts);
    }
    if (bindings !== undefined) out.add(METRICS.bindings, [router, route], bindings.boundBackends);
  }
}
