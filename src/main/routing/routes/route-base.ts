import type { RoutingFieldConfig } from '../../config/routing-file.js';
import type { Method, RoutableBackend, RoutableCluster } from '../route.js';

/** What every route for a method has. */
export interface RouteBase {
  readonly routeName: string;
  readonly method: Method;
  readonly cluster: RoutableCluster;
  readonly associationFields: ReadonlyMap<RoutableBackend, RoutingFieldConfig>;
}
