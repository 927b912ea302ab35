import type { BackendLink } from '../../backends/backend-link.js';
import type { RoutingFile } from '../../config/routing-file.js';
import type { Setting } from '../../config/setting.js';
import { SETTINGS, type Settings } from '../../config/settings.js';

/** `afrouter.v1.Configuration`. */
export interface ConfigurationMessage {
  readonly routing: string;
  readonly settings: readonly { readonly name: string; readonly value: string }[];
}

/** Keys whose values never leave the process: what was read from certificate and key files. */
const SECRET_KEYS = new Set(['material']);

/**
 * The configuration in effect.
 * @param backendOf the link of a backend, which knows the addresses that its connections have now
 */
export function dumpConfiguration(
  config: RoutingFile,
  settings: Settings,
  backendOf: (cluster: string, backend: string) => BackendLink,
): ConfigurationMessage {
  const clusters = config.clusters.map((cluster) => ({
    ...cluster,
    backends: cluster.backends.map((backend) => ({
      ...backend,
      connections: backend.connections.map((_, index) => {
        const { name, addr, port } = backendOf(cluster.name, backend.name).connection(index);
        return { name, addr, port };
      }),
    })),
  }));
  const routing = JSON.stringify({ ...config, clusters }, (key, value: unknown) =>
    SECRET_KEYS.has(key) ? undefined : value,
  );
  const values = Object.entries<Setting<unknown>>(SETTINGS).map(([key, { env, secret, default: byDefault }]) => {
    const value = String(settings[key as keyof Settings]);
    return { name: env, value: secret && value !== byDefault ? '(set)' : value };
  });
  return { routing, settings: values };
}
