import { fileURLToPath } from 'node:url';

/** Seen from dist/test/support. */
const root = new URL('../../../', import.meta.url);

/** Absolute path of a file of the repository. */
export function inRepository(path: string): string {
  return fileURLToPath(new URL(path, root));
}

/** The daemon that was compiled together with this test. */
export const daemonScript = fileURLToPath(new URL('../../src/main/cli.js', import.meta.url));
