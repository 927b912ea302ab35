import type { ConfigNode } from '../config-node.js';
import type { Findings } from '../findings.js';

/** Names that gRPC and HTTP/2 keep for themselves (gRPC over HTTP/2, "Requests"): nobody else may set them. */
const RESERVED = new Set([
  'te',
  'content-type',
  'user-agent',
  'connection',
  'host',
  'transfer-encoding',
  'upgrade',
  'keep-alive',
]);

/**
 * A metadata key in lower case, as it is on the wire.
 * @param written true when the router itself sets it: then it may be neither binary (`-bin` values are base64) nor reserved
 */
export function metadataKey(node: ConfigNode, written: boolean, findings: Findings): string | undefined {
  const key = node.name()?.toLowerCase();
  if (key === undefined) return undefined;
  if (!/^[0-9a-z_.-]+$/.test(key)) {
    findings.problem(node, 'a metadata key: letters, digits, _ - .');
  } else if (written && (RESERVED.has(key) || key.startsWith('grpc-') || key.endsWith('-bin'))) {
    findings.problem(
      node,
      'a metadata key that gRPC does not reserve (grpc-…, te, content-type, …) and that does not end in -bin',
    );
  } else {
    return key;
  }
  return undefined;
}
