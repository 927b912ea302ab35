import type { ConfigNode } from '../config-node.js';
import type { Findings } from '../findings.js';
import type { AssociationConfig, BackendConfig, ClusterConfig, ConnectionConfig } from '../routing-file.js';
import { hostAddress } from './host-address.js';
import { metadataKey } from './metadata-key.js';
import { requireUniqueNames } from './names.js';
import { type DefaultTls, resolveBackendTls } from './tls.js';

/** The key that the first afrouter had fixed. */
const DEFAULT_ASSOCIATION_KEY = 'voltha_serial_number';

/** A cluster, and what only its routes' methods can resolve. */
export interface ResolvedCluster {
  readonly config: ClusterConfig;
  /** By index of the backend: the `association` node with location `protobuf`, or undefined. */
  readonly messageAssociations: readonly (ConfigNode | undefined)[];
}

/** Checks the clusters; a cluster without a name is left out (the schema has named it). */
export function resolveClusters(
  nodes: readonly ConfigNode[],
  tls: DefaultTls,
  findings: Findings,
): ReadonlyMap<string, ResolvedCluster> {
  requireUniqueNames(nodes, 'cluster', findings);
  const clusters = new Map<string, ResolvedCluster>();
  for (const node of nodes) {
    const name = node.member('name').name();
    const cluster = resolveCluster(node, name ?? '', tls, findings);
    if (name !== undefined && !clusters.has(name)) clusters.set(name, cluster);
  }
  return clusters;
}

function resolveCluster(node: ConfigNode, name: string, tls: DefaultTls, findings: Findings): ResolvedCluster {
  const backends = node.member('backends').objects();
  requireUniqueNames(backends, 'backend', findings);
  return {
    config: { name, backends: backends.map((backend) => resolveBackend(backend, tls, findings)) },
    messageAssociations: backends.map(messageAssociation),
  };
}

function messageAssociation(backend: ConfigNode): ConfigNode | undefined {
  const association = backend.member('association');
  const carried =
    backend.member('type').text() === 'active_active' && association.member('location').text() === 'protobuf';
  return carried ? association : undefined;
}

function resolveBackend(node: ConfigNode, tls: DefaultTls, findings: Findings): BackendConfig {
  const type = node.member('type').text() === 'server' ? 'server' : 'active_active';
  const association = node.member('association');
  const connections = node.member('connections').objects();
  requireUniqueNames(connections, 'connection', findings);
  if (type === 'server' && association.present) findings.warn(association, 'has no effect on a backend of type server');
  return {
    name: node.member('name').text() ?? '',
    type,
    association: type === 'server' ? undefined : resolveAssociation(association, findings),
    connections: connections.map((connection) => resolveConnection(connection, findings)),
    tls: resolveBackendTls(node.member('tls'), tls, findings),
  };
}

function resolveAssociation(node: ConfigNode, findings: Findings): AssociationConfig {
  const key = node.member('key');
  const field = node.member('field');
  const strategy = node.member('strategy').text() === 'uuid' ? 'uuid' : 'serial_number';
  if (node.member('location').text() === 'protobuf') {
    if (key.present) findings.warn(key, 'has no effect with location protobuf');
    if (field.name()?.includes('.')) findings.problem(field, 'a field at the top level of the request messages');
    return { strategy, location: 'protobuf', key: '' };
  }
  if (field.present) findings.warn(field, 'has no effect with location header');
  const name = key.present ? metadataKey(key, true, findings) : DEFAULT_ASSOCIATION_KEY;
  return { strategy, location: 'header', key: name ?? '' };
}

function resolveConnection(node: ConfigNode, findings: Findings): ConnectionConfig {
  const addr = node.member('addr');
  const port = node.member('port');
  const hasAddr = isGiven(addr);
  const hasPort = isGiven(port);
  if (hasAddr && !hasPort) findings.problem(port, 'a port from 1 to 65535, because addr is given (or both empty)');
  if (hasPort && !hasAddr)
    findings.problem(addr, 'a host name or an IP address, because port is given (or both empty)');
  return {
    name: node.member('name').text() ?? '',
    addr: hostAddress(addr, findings),
    port: port.integer() ?? 0,
  };
}

/** Absent is empty, as it was to the first afrouter. */
function isGiven(node: ConfigNode): boolean {
  return node.present && node.value !== '';
}
