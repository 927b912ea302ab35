import type { ProbeConfig } from './routing-file.js';
import type { Settings } from './settings.js';

const DEFAULT_ADDRESS = '127.0.0.1';
const DEFAULT_PORT = 8081;

/**
 * Where the admin HTTP server listens: the environment goes over the routing file, which goes over the default.
 * @returns undefined when it is switched off (port 0)
 */
export function adminAddress(
  { adminAddress: address, adminPort }: Pick<Settings, 'adminAddress' | 'adminPort'>,
  probe: ProbeConfig | undefined,
): { readonly address: string; readonly port: number } | undefined {
  const port = adminPort === 'auto' ? (probe?.port ?? DEFAULT_PORT) : adminPort;
  if (port === 0) return undefined;
  return { address: address === 'auto' ? (probe?.address ?? DEFAULT_ADDRESS) : address, port };
}
