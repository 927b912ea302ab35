import { existsSync, readFileSync } from 'node:fs';
import type { CertificateFiles, CertificateSource } from '../certificates/certificate-source.js';
import { ALLOWED, type CertificatePart, checkMaterial } from '../certificates/check.js';
import type { ConfigNode } from './config-node.js';
import { configPaths } from './descriptor-files.js';
import type { Findings } from './findings.js';

/** The places in the routing file that name the files. */
export type CertificateNodes = Readonly<Record<CertificatePart, ConfigNode>>;

/**
 * Finds, reads and checks certificate files; what is wrong with them is a finding at the node that names the file. An absent
 * or empty node names none.
 */
export function loadCertificates(nodes: CertificateNodes, findings: Findings): CertificateSource {
  requirePair(nodes, findings);
  const certificate = readPart('certificate', nodes, findings);
  const key = readPart('key', nodes, findings);
  const ca = readPart('ca', nodes, findings);
  const material = { certificate: certificate?.text, key: key?.text, ca: ca?.text };
  const files: CertificateFiles = { certificate: certificate?.path, key: key?.path, ca: ca?.path };
  const { problems, warnings } = checkMaterial(material, Date.now());
  for (const { part, found, allowed } of problems)
    findings.problem(nodes[part], allowed, `${JSON.stringify(nodes[part].value)}, ${found}`);
  for (const { part, text } of warnings) findings.warn(nodes[part], text);
  return { files, material };
}

function requirePair({ certificate, key }: CertificateNodes, findings: Findings): void {
  if (certificate.name() !== undefined && key.name() === undefined)
    findings.problem(key, `${ALLOWED.key}, because a certificate is given`);
  if (key.name() !== undefined && certificate.name() === undefined)
    findings.problem(certificate, `${ALLOWED.certificate}, because a key is given`);
}

function readPart(
  part: CertificatePart,
  nodes: CertificateNodes,
  findings: Findings,
): { readonly path: string; readonly text: string } | undefined {
  const node = nodes[part];
  const name = node.name();
  if (name === undefined) return undefined;
  const candidates = configPaths(findings.file, name);
  const path = candidates.find(existsSync);
  if (path === undefined) {
    findings.problem(node, `an existing file; looked for ${[...new Set(candidates)].join(', ')}`);
    return undefined;
  }
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    findings.problem(node, ALLOWED[part], `${JSON.stringify(name)}, which cannot be read: ${reason}`);
    return undefined;
  }
}
