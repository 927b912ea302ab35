/** What `grpc.health.v1.Health` asks, on whichever port it is served. */
export interface HealthSource {
  /**
   * Whether a service can be called. @param service `package.Service`, or `''` for the whole router
   * @returns undefined when there is no such service
   */
  serves(service: string): boolean | undefined;
  /** Calls `watcher` whenever an answer may have changed. Returns what ends that. */
  watch(watcher: () => void): () => void;
  /** True once the router takes no new calls: whoever watches should watch another one. */
  readonly draining: boolean;
}

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
export const ServingStatus = {
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const;
export type ServingStatus = (typeof ServingStatus)[keyof typeof ServingStatus];

/** What {@link HealthSource.serves} says, in the words of the protocol. */
export function servingStatus(serves: boolean | undefined): ServingStatus {
  if (serves === undefined) return ServingStatus.SERVICE_UNKNOWN;
  return serves ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
}
