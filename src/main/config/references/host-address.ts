import { isIP } from 'node:net';
import type { ConfigNode } from '../config-node.js';
import type { Findings } from '../findings.js';

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;

/** A host name or IP address, without the brackets that IPv6 may be written with; `''` for an absent or wrong one. */
export function hostAddress(node: ConfigNode, findings: Findings): string {
  const text = node.text() ?? '';
  const host = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
  if (host === '' ? text === '' : isIP(host) !== 0 || (host === text && HOST_NAME.test(host))) return host;
  findings.problem(node, 'a host name or an IP address, without a scheme or port');
  return '';
}
