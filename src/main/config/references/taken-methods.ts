import type { ConfigNode } from '../config-node.js';

/** The methods that one route takes. */
export class TakenMethods {
  /**
   * @param places by method, the place that gives it to the route: its name, or the wildcard
   * @param wildcard whether they are what a wildcard stands for
   * @param unknown a wildcard without a service definition: it may stand for any method
   */
  constructor(
    readonly places: ReadonlyMap<string, ConfigNode>,
    readonly wildcard: boolean,
    private readonly unknown: boolean,
  ) {}

  includes(method: string): boolean {
    return this.unknown || this.places.has(method);
  }
}
