import type { ConfigNode, ConfigText } from '../config-node.js';
import type { Findings } from '../findings.js';
import { type Definition, hasRoutingField } from './methods.js';
import type { TakenMethods } from './taken-methods.js';

/**
 * `overrides[]`: the routing field of single methods. Those that the service or the route does not have are warnings: real files
 * carry invented ones, because the first afrouter never read them.
 * @returns by method, the override's `routing_field`, which is absent when the method goes round robin
 */
export function resolveOverrides(
  route: ConfigNode,
  methods: TakenMethods,
  definition: Definition | undefined,
  findings: Findings,
): ReadonlyMap<string, ConfigNode> {
  const overrides = new Map<string, ConfigNode>();
  const places = new Map<string, ConfigNode>();
  for (const override of route.member('overrides').objects()) {
    for (const method of overriddenMethods(override)) {
      const earlier = places.get(method.value);
      if (earlier !== undefined) {
        findings.problem(method, `a method in at most one override of the route (it is at ${earlier.path})`);
        continue;
      }
      places.set(method.value, method);
      overrides.set(method.value, override.member('routing_field'));
    }
    warnIdle(override, route, methods, definition, findings);
  }
  return overrides;
}

function overriddenMethods(override: ConfigNode): readonly ConfigText[] {
  const method = override.member('method');
  const single = method.text() === undefined ? [] : [method as ConfigText];
  return [...single, ...override.member('methods').texts()];
}

function warnIdle(
  override: ConfigNode,
  route: ConfigNode,
  methods: TakenMethods,
  definition: Definition | undefined,
  findings: Findings,
): void {
  const names = overriddenMethods(override).map((method) => method.value);
  const undefinedNames = names.filter((name) => definition !== undefined && !definition.service.methods.has(name));
  if (undefinedNames.length > 0) {
    findings.warn(
      override,
      `service ${definition?.service.name} has no method ${undefinedNames.join(', ')}: no effect there`,
    );
  }
  const known = names.filter((name) => !undefinedNames.includes(name));
  const elsewhere = known.filter((name) => !methods.includes(name));
  if (elsewhere.length > 0)
    findings.warn(override, `the route does not take method ${elsewhere.join(', ')}: no effect there`);
  const type = route.member('type').text();
  if (type !== undefined && !hasRoutingField(type) && known.length > elsewhere.length) {
    findings.warn(override, `a route of type ${type} has no routing field: no effect`);
  }
}
