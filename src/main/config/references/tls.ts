import { isIP } from 'node:net';
import { loadCertificates } from '../certificate-files.js';
import { ConfigNode } from '../config-node.js';
import type { Findings } from '../findings.js';
import type { BackendTlsConfig, ClientAuth, ClusterConfig, ServerTlsConfig } from '../routing-file.js';
import { hostAddress } from './host-address.js';
import { metadataKey } from './metadata-key.js';

/** The old keys name no authorities. */
const NOTHING = new ConfigNode(undefined, '');

/** TLS where an object has none of its own: what the first afrouter's certificates become. */
export interface DefaultTls {
  /** For every server; undefined = plain text. */
  readonly server: ServerTlsConfig | undefined;
  /** For every backend; undefined = plain text. */
  readonly backend: BackendTlsConfig | undefined;
}

/** `serverCertificates` and `clientCertificates` of the file; without a path in them they say nothing. */
export function resolveDefaultTls(root: ConfigNode, findings: Findings): DefaultTls {
  const server = oldCertificates(root.member('serverCertificates'), findings);
  const client = oldCertificates(root.member('clientCertificates'), findings);
  return {
    server: server && { certificates: server, clientAuth: 'none', identityKey: undefined },
    backend: client && { certificates: client, serverName: undefined },
  };
}

function oldCertificates(node: ConfigNode, findings: Findings): ServerTlsConfig['certificates'] | undefined {
  const nodes = { certificate: node.member('grpcCertificate'), key: node.member('grpcKey'), ca: NOTHING };
  // A signing request is of no use to who has the certificate: grpcCsr alone switches nothing on.
  if (nodes.certificate.name() === undefined && nodes.key.name() === undefined) return undefined;
  return loadCertificates(nodes, findings);
}

/** `servers[].tls`. */
export function resolveServerTls(
  node: ConfigNode,
  byDefault: DefaultTls,
  findings: Findings,
): ServerTlsConfig | undefined {
  if (!node.present) return byDefault.server;
  const ca = node.member('ca');
  const clientAuth = resolveClientAuth(node.member('clientAuth'), ca, findings);
  const identity = node.member('identityKey');
  if (identity.present && clientAuth === 'none')
    findings.problem(identity, 'no identityKey, because no client certificate is verified (ca, clientAuth)');
  return {
    certificates: loadCertificates({ certificate: node.member('certificate'), key: node.member('key'), ca }, findings),
    clientAuth,
    identityKey: metadataKey(identity, true, findings),
  };
}

function resolveClientAuth(node: ConfigNode, ca: ConfigNode, findings: Findings): ClientAuth {
  const given = node.text();
  // Who names authorities for clients wants them used.
  if (given !== 'none' && given !== 'request' && given !== 'require')
    return ca.name() === undefined ? 'none' : 'require';
  if (given !== 'none' && ca.name() === undefined)
    findings.problem(
      ca,
      `certificates of authorities (PEM) that sign client certificates, because clientAuth is ${given}`,
    );
  if (given === 'none' && ca.name() !== undefined) findings.warn(ca, 'has no effect with clientAuth none');
  return given;
}

/** `backends[].tls`. */
export function resolveBackendTls(
  node: ConfigNode,
  byDefault: DefaultTls,
  findings: Findings,
): BackendTlsConfig | undefined {
  if (!node.present) return byDefault.backend;
  const serverName = node.member('serverName');
  if (isIP(serverName.text() ?? '') !== 0)
    findings.problem(serverName, 'a host name; the IP address of a connection is verified without it');
  return {
    certificates: loadCertificates(
      { certificate: node.member('certificate'), key: node.member('key'), ca: node.member('ca') },
      findings,
    ),
    serverName: hostAddress(serverName, findings) || undefined,
  };
}

/** What says who a client is cannot also carry a transaction id or a binding: the one would be taken for the other. */
export function requireFreeIdentityKeys(
  root: ConfigNode,
  clusters: readonly ClusterConfig[],
  findings: Findings,
): void {
  const associations = clusters.flatMap(({ backends }) => backends.map(({ association }) => association?.key));
  const bindings = root
    .member('routers')
    .objects()
    .flatMap((router) => router.member('routes').objects())
    .map((route) => route.member('binding').member('field').name()?.toLowerCase());
  const taken = new Set([...associations, ...bindings]);
  for (const server of root.member('servers').objects()) {
    const key = server.member('tls').member('identityKey');
    if (key.name() !== undefined && taken.has(key.name()!.toLowerCase()))
      findings.problem(key, 'a metadata key that is not that of an association or a binding');
  }
}
