import type { ConfigNode, ConfigText } from '../config-node.js';
import type { Findings } from '../findings.js';
import { ANY_METHOD } from './method-owners.js';
import type { Definition } from './methods.js';

/**
 * `overrides[]`: the routing field of single methods. Those that the service or the route does not have are warnings: real files
 * carry invented ones, because the first afrouter never read them.
 * @returns by method, the override's `routing_field`, which is absent when the method goes round robin
 */
export function resolveOverrides(
  route: ConfigNode,
  methods: readonly ConfigText[],
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
      warnIdle(method, route, methods, definition, findings);
    }
  }
  return overrides;
}

function overriddenMethods(override: ConfigNode): readonly ConfigText[] {
  const method = override.member('method');
  const single = method.text() === undefined ? [] : [method as ConfigText];
  return [...single, ...override.member('methods').texts()];
}

function warnIdle(
  method: ConfigText,
  route: ConfigNode,
  methods: readonly ConfigText[],
  definition: Definition | undefined,
  findings: Findings,
): void {
  const type = route.member('type').text();
  const routed = methods.some((node) => node.value === method.value || node.value === ANY_METHOD);
  if (definition !== undefined && !definition.service.methods.has(method.value)) {
    findings.warn(
      method,
      `service ${definition.service.name} has no method '${method.value}': the override has no effect`,
    );
  } else if (!routed) {
    findings.warn(method, `the route does not take method '${method.value}': the override has no effect`);
  } else if (type === 'binding' || type === 'round_robin') {
    findings.warn(method, `a route of type ${type} has no routing field: the override has no effect`);
  }
}
