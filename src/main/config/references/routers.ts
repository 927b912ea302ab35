import type { ServiceDefinition } from '../../routing/service-descriptor.js';
import type { ConfigNode } from '../config-node.js';
import type { DescriptorFiles } from '../descriptor-files.js';
import type { Findings } from '../findings.js';
import type { RouterConfig } from '../routing-file.js';
import type { ResolvedCluster } from './clusters.js';
import { MethodOwners } from './method-owners.js';
import type { Definition } from './methods.js';
import { nameList, requireUniqueNames } from './names.js';
import { claimMethods, resolveRoute } from './routes.js';

/** Checks the routers and their routes. */
export function resolveRouters(
  nodes: readonly ConfigNode[],
  clusters: ReadonlyMap<string, ResolvedCluster>,
  descriptors: DescriptorFiles,
  findings: Findings,
): readonly RouterConfig[] {
  requireOwnServices(nodes, findings);
  return nodes.map((node) => resolveRouter(node, clusters, descriptors, findings));
}

/** Routers may share a name when they serve different services. */
function requireOwnServices(nodes: readonly ConfigNode[], findings: Findings): void {
  const first = new Map<string, ConfigNode>();
  for (const node of nodes) {
    const [name, packageName, service] = ['name', 'package', 'service'].map((key) => node.member(key).text());
    if (name === undefined || packageName === undefined || service === undefined) continue;
    const key = JSON.stringify([name, packageName, service]);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, node);
    else {
      const found = `'${name}' for package '${packageName}', service '${service}' again`;
      findings.problem(node.member('name'), `another name, package or service than ${earlier.path} has`, found);
    }
  }
}

function resolveRouter(
  node: ConfigNode,
  clusters: ReadonlyMap<string, ResolvedCluster>,
  descriptors: DescriptorFiles,
  findings: Findings,
): RouterConfig {
  const routes = node.member('routes').objects();
  requireUniqueNames(routes, 'route', findings);
  const owners = new MethodOwners(findings);
  for (const route of routes) claimMethods(route, owners);
  const shared = sharedDescriptor(node, routes);
  return {
    name: node.member('name').text() ?? '',
    package: node.member('package').text() ?? '',
    service: node.member('service').text() ?? '',
    routes: routes.map((route) => {
      const own = route.member('proto_descriptor');
      const definition = resolveDefinition(node, own.present ? own : shared, descriptors, findings);
      return resolveRoute(route, { router: node, definition, owners, clusters, findings });
    }),
  };
}

/** The router's own `proto_descriptor`; older files have it on one of the routes, for all of them. */
function sharedDescriptor(router: ConfigNode, routes: readonly ConfigNode[]): ConfigNode {
  return (
    [router, ...routes].map((node) => node.member('proto_descriptor')).find((node) => node.present) ??
    router.member('proto_descriptor')
  );
}

function resolveDefinition(
  router: ConfigNode,
  source: ConfigNode,
  descriptors: DescriptorFiles,
  findings: Findings,
): Definition | 'none' | 'unreadable' {
  if (!source.present) return 'none';
  const descriptor = descriptors.load(source);
  const service = router.member('service');
  const packageName = router.member('package').text();
  if (descriptor === undefined || service.text() === undefined || packageName === undefined) return 'unreadable';
  const name = packageName === '' ? `${service.value}` : `${packageName}.${service.value}`;
  const found: ServiceDefinition | undefined = descriptor.service(name);
  if (found !== undefined) return { descriptor, service: found };
  findings.problem(service, `a service of ${source.value}: ${nameList(descriptor.serviceNames)}`, `'${name}'`);
  return 'unreadable';
}
