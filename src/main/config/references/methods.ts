import type { MethodDefinition, ServiceDefinition, ServiceDescriptor } from '../../routing/service-descriptor.js';
import { isFieldProblem } from '../../routing/service-descriptor.js';
import type { ConfigNode } from '../config-node.js';
import type { Findings } from '../findings.js';
import type { MethodConfig, RouteType, RoutingFieldConfig } from '../routing-file.js';
import type { ResolvedCluster } from './clusters.js';
import { metadataKey } from './metadata-key.js';

/** A service that a router serves, with the messages of its definition. */
export interface Definition {
  readonly descriptor: ServiceDescriptor;
  readonly service: ServiceDefinition;
}

/** What the methods of one route have in common. */
export interface RouteScope {
  readonly type: RouteType | undefined;
  readonly definition: Definition | undefined;
  /** The route's `routing_field`, which need not be there. */
  readonly routingField: ConfigNode;
  /** By method: the `routing_field` of its override, which is absent when the method goes round robin. */
  readonly overrides: ReadonlyMap<string, ConfigNode>;
  /** The methods whose response binds the key. */
  readonly bindByReply: ReadonlySet<string>;
  readonly cluster: ResolvedCluster | undefined;
  readonly findings: Findings;
}

/** Where a key comes from; all undefined for a method that goes round robin. */
interface KeySource {
  readonly requestField: RoutingFieldConfig | undefined;
  readonly responseField: RoutingFieldConfig | undefined;
  readonly routingKey: string | undefined;
}

const NO_KEY: KeySource = { requestField: undefined, responseField: undefined, routingKey: undefined };

/** @param node the place that gives the method to the route: its name in `methods`, or the wildcard */
export function resolveMethod(name: string, node: ConfigNode, scope: RouteScope): MethodConfig {
  const method = scope.definition?.service.methods.get(name);
  const key = scope.type === 'rpc_affinity_header' ? headerKey(name, scope) : messageKey(name, method, node, scope);
  if (method === undefined && scope.definition !== undefined) warnUnknown(node, scope, scope.definition);
  return {
    name,
    requestStream: method?.requestStream ?? false,
    responseStream: method?.responseStream ?? false,
    defined: method !== undefined,
    ...key,
    associationFields: associationFields(method, scope),
  };
}

function warnUnknown(node: ConfigNode, scope: RouteScope, { service }: Definition): void {
  const unkeyed = readsMessage(scope.type) ? ', round robin' : '';
  scope.findings.warn(node, `service ${service.name} has no method '${node.value}': it is carried as unary${unkeyed}`);
}

/** True for the routes whose key is a field of a message. */
export function readsMessage(type: string | undefined): boolean {
  return type === 'rpc_affinity_message' || type === 'source';
}

/** True for the routes that have a key. */
export function hasRoutingField(type: string | undefined): boolean {
  return readsMessage(type) || type === 'rpc_affinity_header';
}

function headerKey(name: string, scope: RouteScope): KeySource {
  const source = scope.overrides.get(name) ?? scope.routingField;
  return { ...NO_KEY, routingKey: metadataKey(source, false, scope.findings) };
}

function messageKey(
  name: string,
  method: MethodDefinition | undefined,
  node: ConfigNode,
  scope: RouteScope,
): KeySource {
  const override = scope.overrides.get(name);
  const path = (override ?? scope.routingField).name();
  if (!readsMessage(scope.type) || path === undefined || method === undefined || scope.definition === undefined)
    return NO_KEY;
  const byReply = scope.bindByReply.has(name);
  const [direction, message] = byReply ? ['response', method.responseType] : ['request', method.requestType];
  const field = scope.definition.descriptor.resolveField(message, path);
  if (isFieldProblem(field)) {
    // The name of the method is wrong here, or else the path: which of them, only its author knows.
    const allowed = `a method whose ${direction} message ${message} has the routing field '${path}': ${field.allowed}`;
    scope.findings.problem(override ?? node, allowed, `'${name}': ${field.found}`);
    return NO_KEY;
  }
  return byReply ? { ...NO_KEY, responseField: field } : { ...NO_KEY, requestField: field };
}

/** The fields of a method's request message that carry the transaction id, by index of the backend. */
function associationFields(
  method: MethodDefinition | undefined,
  scope: RouteScope,
): readonly (RoutingFieldConfig | undefined)[] {
  const associations = scope.cluster?.messageAssociations ?? [];
  if (!associations.some((association) => association !== undefined)) return [];
  return associations.map((association) =>
    association === undefined || method === undefined ? undefined : associationField(association, method, scope),
  );
}

function associationField(
  association: ConfigNode,
  method: MethodDefinition,
  scope: RouteScope,
): RoutingFieldConfig | undefined {
  const node = association.member('field');
  const name = node.name();
  if (name === undefined || name.includes('.') || scope.definition === undefined) return undefined;
  const { descriptor } = scope.definition;
  // Some requests have nowhere to put it (Empty): that method loses the id, the others keep it.
  if (!descriptor.hasField(method.requestType, name)) {
    const text = `message ${method.requestType} has no field '${name}': replicas get ${method.name} without a transaction id`;
    scope.findings.warn(node, text);
    return undefined;
  }
  const field = descriptor.resolveField(method.requestType, name);
  if (isFieldProblem(field)) {
    scope.findings.problem(node, field.allowed, field.found);
    return undefined;
  }
  if (association.member('strategy').text() === 'uuid' && field.type !== 'string') {
    scope.findings.problem(node, 'a string field, for the strategy uuid', `field '${name}' of type ${field.type}`);
    return undefined;
  }
  return field;
}
