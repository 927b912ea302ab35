import type { ConfigNode } from '../config-node.js';
import type { Findings } from '../findings.js';

/** The wildcard in a list of methods. */
export const ANY_METHOD = '*';

/**
 * Which route of a router has which method. Binding routes live under their metadata key, all others under {@link NO_METADATA}; under
 * each, a method has at most one route.
 */
export class MethodOwners {
  private readonly tables = new Map<string, Map<string, ConfigNode>>();

  constructor(private readonly findings: Findings) {}

  /** Gives a method to the route that names it. @param method the place that names it, which may be the wildcard */
  claim(metadataKey: string, method: ConfigNode & { readonly value: string }): void {
    let table = this.tables.get(metadataKey);
    if (table === undefined) {
      table = new Map();
      this.tables.set(metadataKey, table);
    }
    const earlier = table.get(method.value);
    if (earlier === undefined) {
      table.set(method.value, method);
      return;
    }
    const where = metadataKey === NO_METADATA ? 'that is no binding route' : `of the metadata key ${metadataKey}`;
    this.findings.problem(method, `a method in at most one route ${where} (it is at ${earlier.path})`);
  }

  /** True when a route names the method. */
  isNamed(metadataKey: string, method: string): boolean {
    return this.tables.get(metadataKey)?.has(method) ?? false;
  }
}

/** The metadata key of routes that are not looked up under one. */
export const NO_METADATA = '';
