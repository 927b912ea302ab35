import type { ConfigNode, ConfigText } from '../config-node.js';
import type { Findings } from '../findings.js';
import type { BindingConfig, RouteConfig, RouteType } from '../routing-file.js';
import type { ResolvedCluster } from './clusters.js';
import { metadataKey } from './metadata-key.js';
import { ANY_METHOD, type MethodOwners, NO_METADATA } from './method-owners.js';
import { type Definition, hasRoutingField, type RouteScope, readsMessage, resolveMethod } from './methods.js';
import { nameList } from './names.js';
import { resolveOverrides } from './overrides.js';
import { TakenMethods } from './taken-methods.js';

/** What a route refers to. */
export interface RouteContext {
  readonly router: ConfigNode;
  /** `none`: there is no `proto_descriptor`; `unreadable`: there is one, and what is wrong with it is reported. */
  readonly definition: Definition | 'none' | 'unreadable';
  /** Filled by {@link claimMethods} for every route of the router. */
  readonly owners: MethodOwners;
  readonly clusters: ReadonlyMap<string, ResolvedCluster>;
  readonly findings: Findings;
}

/** Gives the methods that a route names to it. */
export function claimMethods(route: ConfigNode, owners: MethodOwners): void {
  const key = tableKey(route);
  if (key !== undefined) for (const method of route.member('methods').texts()) owners.claim(key, method);
}

/** The metadata key under which the route's methods are looked up; undefined when it is not known. */
function tableKey(route: ConfigNode): string | undefined {
  const type = route.member('type').text();
  if (type === undefined) return undefined;
  return type === 'binding' ? route.member('binding').member('field').name()?.toLowerCase() : NO_METADATA;
}

/** Checks one route. */
export function resolveRoute(route: ConfigNode, context: RouteContext): RouteConfig {
  const { findings } = context;
  const type = route.member('type').text() as RouteType | undefined;
  const cluster = resolveCluster(route.member('backend_cluster'), context);
  const definition = typeof context.definition === 'object' ? context.definition : undefined;
  const routingField = route.member('routing_field');
  const methods = takenMethods(route, definition, context);
  if (context.definition === 'none') requireDescriptor(route, type, cluster, context);
  warnUnused(route, type, findings);

  const scope: RouteScope = {
    type,
    definition,
    routingField,
    overrides: resolveOverrides(route, methods, definition, findings),
    bindByReply: resolveReplyBinding(route, methods, findings),
    cluster,
    findings,
  };
  return {
    name: route.member('name').text() ?? '',
    type: type ?? 'round_robin',
    cluster: route.member('backend_cluster').text() ?? '',
    hasDescriptor: definition !== undefined,
    routingField: type === 'rpc_affinity_header' ? routingField.name()?.toLowerCase() : routingField.name(),
    routingFieldDefault: route.member('routing_field_default').flag() ?? false,
    wildcard: methods.wildcard,
    methods: [...methods.places].map(([name, node]) => resolveMethod(name, node, scope)),
    binding: type === 'binding' ? resolveBinding(route, methods, findings) : undefined,
  };
}

/**
 * The methods that a route takes. What a wildcard stands for is every method of the service that no route under the same metadata
 * key names.
 */
function takenMethods(route: ConfigNode, definition: Definition | undefined, context: RouteContext): TakenMethods {
  const nodes = route.member('methods').texts();
  const wildcard = requireLoneWildcard(nodes, context.findings);
  if (wildcard === undefined) return new TakenMethods(new Map(nodes.map((node) => [node.value, node])), false, false);
  const key = tableKey(route);
  const names = key === undefined ? [] : [...(definition?.service.methods.keys() ?? [])];
  const unnamed = names.filter((name) => !context.owners.isNamed(key!, name));
  return new TakenMethods(new Map(unnamed.map((name) => [name, wildcard])), true, names.length === 0);
}

function requireLoneWildcard(methods: readonly ConfigText[], findings: Findings): ConfigText | undefined {
  const wildcard = methods.find((node) => node.value === ANY_METHOD);
  if (wildcard !== undefined && methods.length > 1) {
    findings.problem(
      wildcard,
      'names of methods only; or the list ["*"], which takes every method that no other route takes',
    );
  }
  return wildcard;
}

function resolveCluster(node: ConfigNode, { clusters, findings }: RouteContext): ResolvedCluster | undefined {
  const name = node.name();
  if (name === undefined) return undefined;
  const cluster = clusters.get(name);
  if (cluster === undefined) findings.problem(node, `the name of a cluster: ${nameList(clusters.keys())}`);
  return cluster;
}

/** A router needs a definition when a route reads or writes a field of a message. */
function requireDescriptor(
  route: ConfigNode,
  type: RouteType | undefined,
  cluster: ResolvedCluster | undefined,
  { router, findings }: RouteContext,
): void {
  const node = router.member('proto_descriptor');
  const allowed = 'the path of the service definition';
  const name = route.member('name').text() ?? '';
  if (readsMessage(type)) findings.problem(node, `${allowed}, because route '${name}' reads a field of messages`);
  else if (cluster?.messageAssociations.some((association) => association !== undefined)) {
    findings.problem(
      node,
      `${allowed}, because cluster '${cluster.config.name}' carries its association in a message field`,
    );
  } else if (cluster?.config.backends.some((backend) => backend.connections.length > 1)) {
    const text = `route '${name}' has no service definition: its methods are carried as unary, with the answer of one replica`;
    findings.warn(node, text);
  }
}

/** Settings that the route's type does not look at. */
function warnUnused(route: ConfigNode, type: RouteType | undefined, findings: Findings): void {
  if (type === undefined) return;
  const unused = [
    ...(hasRoutingField(type) ? [] : ['routing_field']),
    ...(readsMessage(type) ? [] : ['routing_field_default']),
    ...(type === 'rpc_affinity_message' ? [] : ['nb_binding_methods']),
    ...(type === 'binding' ? [] : ['binding']),
  ];
  for (const node of unused.map((key) => route.member(key))) {
    if (node.present) findings.warn(node, `has no effect on a route of type ${type}`);
  }
}

/** `nb_binding_methods`: each must be a method of the route. */
function resolveReplyBinding(route: ConfigNode, methods: TakenMethods, findings: Findings): ReadonlySet<string> {
  const nodes = route.member('nb_binding_methods').texts();
  for (const node of nodes) requireMethodOf(node, methods, findings);
  return new Set(nodes.map((node) => node.value));
}

function resolveBinding(route: ConfigNode, methods: TakenMethods, findings: Findings): BindingConfig {
  const node = route.member('binding');
  requireMethodOf(node.member('method'), methods, findings);
  return {
    field: metadataKey(node.member('field'), true, findings) ?? '',
    method: node.member('method').text() ?? '',
    exclusive: node.member('exclusive').flag() ?? false,
  };
}

function requireMethodOf(node: ConfigNode, methods: TakenMethods, findings: Findings): void {
  const name = node.name();
  if (name === undefined || methods.includes(name)) return;
  findings.problem(node, `a method of the route: ${nameList(methods.places.keys())}`);
}
