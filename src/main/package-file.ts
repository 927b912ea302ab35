import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The path of a file that is shipped beside the code (protos/, config/, package.json), for code that runs from `dist/src/main`.
 * @param path relative to the package's root
 */
export function packageFile(path: string): string {
  const file = fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  if (!existsSync(file)) throw new Error(`the package is incomplete: ${file} is missing`);
  return file;
}

/** The version of the package. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;
}
