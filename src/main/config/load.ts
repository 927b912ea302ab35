import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.js';
import { ConfigNode } from './config-node.js';
import { Findings } from './findings.js';
import { parseJson } from './json-text.js';
import { resolveReferences } from './references.js';
import type { RoutingFile } from './routing-file.js';
import { schemaProblems } from './schema.js';

/** A routing file that can be used. */
export interface LoadedRoutingFile {
  readonly config: RoutingFile;
  /** The file as it was read. */
  readonly text: string;
  /** What was probably not meant, but works; one line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a routing file, and the service definitions that it names.
 * @param path the file; relative paths in it start at its directory, then at the working directory
 * @throws ConfigError with everything that is wrong
 */
export function loadRoutingFile(path: string): LoadedRoutingFile {
  const text = readText(path);
  const parsed = parseJson(text);
  if (!('value' in parsed)) {
    const { line, column, found, allowed } = parsed;
    throw new ConfigError([{ file: path, path: `line ${line}, column ${column}`, found, allowed }]);
  }
  const findings = new Findings(path);
  const config = resolveReferences(new ConfigNode(parsed.value, ''), findings);
  const problems = [...schemaProblems(parsed.value, path), ...findings.problems];
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, text, warnings: findings.warnings };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([{ file: path, path: 'the file', found: reason, allowed: 'a readable routing file (JSON)' }]);
  }
}
