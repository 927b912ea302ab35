import type { ConfigNode } from './config-node.js';
import { DescriptorFiles } from './descriptor-files.js';
import type { Findings } from './findings.js';
import { resolveClusters } from './references/clusters.js';
import { resolveRouters } from './references/routers.js';
import { resolveApi, resolveProbe, resolveServers } from './references/servers.js';
import { requireFreeIdentityKeys, resolveDefaultTls } from './references/tls.js';
import type { RoutingFile } from './routing-file.js';

/**
 * Follows every reference of a routing file (names, methods, fields, files) and fills in defaults. What is wrong goes to `findings`:
 * only when there is none is the result to be used. Works as far as it can on a file that breaks the schema.
 */
export function resolveReferences(root: ConfigNode, findings: Findings): RoutingFile {
  const tls = resolveDefaultTls(root, findings);
  const clusters = resolveClusters(root.member('backend_clusters').objects(), tls, findings);
  const descriptors = new DescriptorFiles(findings.file, findings);
  const routers = resolveRouters(root.member('routers').objects(), clusters, descriptors, findings);
  warnAmbiguousSources(root, findings);
  const clusterConfigs = [...clusters.values()].map((cluster) => cluster.config);
  requireFreeIdentityKeys(root, clusterConfigs, findings);
  return {
    servers: resolveServers(root, tls, findings),
    routers,
    clusters: clusterConfigs,
    api: resolveApi(root.member('api'), findings),
    probe: resolveProbe(root.member('api'), findings),
  };
}

/** A source route names a backend in any cluster, so the name alone has to tell it. */
function warnAmbiguousSources(root: ConfigNode, findings: Findings): void {
  const routes = root
    .member('routers')
    .objects()
    .flatMap((router) => router.member('routes').objects());
  if (!routes.some((route) => route.member('type').text() === 'source')) return;
  const first = new Map<string, ConfigNode>();
  for (const backend of root
    .member('backend_clusters')
    .objects()
    .flatMap((cluster) => cluster.member('backends').objects())) {
    const name = backend.member('name');
    const earlier = first.get(name.text() ?? '');
    if (earlier === undefined) first.set(name.text() ?? '', name);
    else findings.warn(name, `'${name.value}' is also at ${earlier.path}: source routes cannot tell them apart`);
  }
}
