import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { readDescriptorSet } from '../routing/descriptor-set.js';
import { type ProtoFile, readProtoSource } from '../routing/proto-source.js';
import { DescriptorError, type ServiceDescriptor } from '../routing/service-descriptor.js';
import type { ConfigNode } from './config-node.js';
import type { Findings } from './findings.js';

/** Finds and reads the files that `proto_descriptor` names; each is read once. */
export class DescriptorFiles {
  private readonly read = new Map<string, ServiceDescriptor>();

  /** @param configFile path of the routing file: relative paths start beside it, then at the working directory */
  constructor(
    private readonly configFile: string,
    private readonly findings: Findings,
  ) {}

  /** @returns undefined when the file is missing or unreadable, which is a finding at `node` */
  load(node: ConfigNode): ServiceDescriptor | undefined {
    const name = node.name();
    if (name === undefined) return undefined;
    const descriptor = this.read.get(name) ?? this.loadFile(node, name);
    if (descriptor !== undefined) this.read.set(name, descriptor);
    return descriptor;
  }

  private loadFile(node: ConfigNode, name: string): ServiceDescriptor | undefined {
    const path = this.find(node, name);
    if (path === undefined) return undefined;
    try {
      const bytes = readFileSync(path);
      return path.endsWith('.proto')
        ? readProtoSource({ path, text: bytes.toString('utf8') }, findImport(path))
        : readDescriptorSet(bytes);
    } catch (error) {
      if (!(error instanceof DescriptorError) && !isSystemError(error)) throw error;
      const found = `${JSON.stringify(name)}, which cannot be read: ${error.message}`;
      this.findings.problem(
        node,
        'a FileDescriptorSet (protoc --descriptor_set_out --include_imports) or a .proto file',
        found,
      );
      return undefined;
    }
  }

  private find(node: ConfigNode, name: string): string | undefined {
    const candidates = configPaths(this.configFile, name);
    const path = candidates.find(existsSync);
    if (path !== undefined) return path;
    // Files written for the first afrouter name a path in its build tree.
    const beside = resolve(dirname(this.configFile), basename(name));
    if (existsSync(beside)) {
      this.findings.warn(node, `${JSON.stringify(name)} does not exist; ${beside} is used instead`);
      return beside;
    }
    this.findings.problem(node, `an existing file; looked for ${[...new Set([...candidates, beside])].join(', ')}`);
    return undefined;
  }
}

/** Where a path in a routing file may lead: beside that file, then in the working directory. */
export function configPaths(configFile: string, path: string): readonly string[] {
  return isAbsolute(path) ? [path] : [resolve(dirname(configFile), path), resolve(path)];
}

/**
 * Imports are searched from the directory of the importing file upwards to that of the first file's parents: a file inside a
 * package directory (`a/b.proto`) names its imports from the root of the tree.
 */
function findImport(firstFile: string): (importer: ProtoFile, name: string) => ProtoFile | undefined {
  const roots: string[] = [];
  for (let directory = dirname(firstFile); !roots.includes(directory); directory = dirname(directory))
    roots.push(directory);
  return (importer, name) => {
    const path = [dirname(importer.path), ...roots].map((root) => resolve(root, name)).find(existsSync);
    return path === undefined ? undefined : { path, text: readFileSync(path, 'utf8') };
  };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}
