import type { ConfigNode } from '../config-node.js';
import type { Findings } from '../findings.js';
import type { ApiConfig, ProbeConfig, ServerConfig, ServerRouterConfig, ServerTlsConfig } from '../routing-file.js';
import { hostAddress } from './host-address.js';
import { nameList, namesOf, requireUniqueNames } from './names.js';
import { type DefaultTls, resolveServerTls } from './tls.js';

const ANY = '*';
const LOOPBACK = '127.0.0.1';
const PLAIN_TEXT: DefaultTls = { server: undefined, backend: undefined };

/** Checks the servers, the routers they name, and that no two listeners (the control API is one) want the same address. */
export function resolveServers(root: ConfigNode, tls: DefaultTls, findings: Findings): readonly ServerConfig[] {
  const nodes = root.member('servers').objects();
  const routers = root.member('routers').objects();
  requireUniqueNames(nodes, 'server', findings);
  requireOwnAddresses([...nodes, root.member('api')], findings);
  return nodes.map((node) => ({
    name: node.member('name').text() ?? '',
    address: hostAddress(node.member('address'), findings),
    port: node.member('port').integer() ?? 0,
    routers: resolveServerRouters(node.member('routers').objects(), routers, findings),
    tls: resolveServerTls(node.member('tls'), tls, findings),
  }));
}

/** The control API, if there is one. */
export function resolveApi(node: ConfigNode, findings: Findings): ApiConfig | undefined {
  if (!node.present) return undefined;
  // Whoever reaches it rules the router: unlike a server's, an empty address is not every interface.
  return {
    address: hostAddress(node.member('address'), findings) || LOOPBACK,
    port: node.member('port').integer() ?? 0,
    tls: resolveApiTls(node.member('tls'), findings),
  };
}

/** Only its own: `serverCertificates` are for the servers, and tools of the first afrouter dial its control API in plain text. */
function resolveApiTls(node: ConfigNode, findings: Findings): ServerTlsConfig | undefined {
  const identity = node.member('identityKey');
  if (identity.present) findings.problem(identity, 'no identityKey: calls of the control API go to no backend');
  return resolveServerTls(node, PLAIN_TEXT, findings);
}

/** Where the health probe should listen, as far as the file says. */
export function resolveProbe(node: ConfigNode, findings: Findings): ProbeConfig | undefined {
  if (!node.present) return undefined;
  return {
    address: hostAddress(node.member('probeHost'), findings) || undefined,
    port: node.member('probePort').integer(),
  };
}

function requireOwnAddresses(listeners: readonly ConfigNode[], findings: Findings): void {
  const first = new Map<string, ConfigNode>();
  for (const listener of listeners) {
    const port = listener.member('port');
    if (!port.present) continue;
    const key = `${listener.member('address').text() ?? ''} ${port.value}`;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, port);
    else findings.problem(port, `a port that no other listener on this address has (it is at ${earlier.path})`);
  }
}

function resolveServerRouters(
  nodes: readonly ConfigNode[],
  routers: readonly ConfigNode[],
  findings: Findings,
): readonly ServerRouterConfig[] {
  const first = new Map<string, ConfigNode>();
  return nodes.map((node) => {
    const packageName = node.member('package').text() ?? '';
    const service = node.member('service').name() ?? ANY;
    const key = `${packageName}/${service}`;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, node);
    else
      findings.problem(
        node,
        `a package and service that no other entry of the server has (${earlier.path})`,
        `package '${packageName}', service '${service}' again`,
      );
    const router = node.member('router');
    if (router.name() !== undefined) requireRouter(router, packageName, service, routers, findings);
    return { package: packageName, service, router: router.text() ?? '' };
  });
}

function requireRouter(
  router: ConfigNode,
  packageName: string,
  service: string,
  routers: readonly ConfigNode[],
  findings: Findings,
): void {
  const named = routers.filter((node) => node.member('name').text() === router.value);
  if (named.length === 0) {
    findings.problem(router, `the name of a router: ${nameList(namesOf(routers))}`);
    return;
  }
  const served = named.map((node) => [node.member('package').text(), node.member('service').text()] as const);
  const fits = served.some(
    ([itsPackage, itsService]) => matches(packageName, itsPackage) && matches(service, itsService),
  );
  if (fits) return;
  const services = served.map(([itsPackage, itsService]) => `package '${itsPackage}', service '${itsService}'`);
  findings.problem(
    router,
    `a router that serves package '${packageName}', service '${service}'`,
    `router '${router.value}', which serves ${services.join('; ')}`,
  );
}

/** A router that lacks the name has that problem already. */
function matches(wanted: string, served: string | undefined): boolean {
  return wanted === ANY || served === undefined || served === wanted;
}
