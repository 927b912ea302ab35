import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inRepository } from '../test/support/paths.js';

const CORPUS = inRepository('fuzz/corpus');
const REGRESSIONS = inRepository('fuzz/regressions');

/** An input that is kept in the tree. */
export interface Kept {
  /** Its path in the repository. */
  readonly path: string;
  readonly bytes: Buffer;
}

function readAll(folder: string): Kept[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.bin'))
    .sort()
    .map((name) => ({
      path: relative(inRepository('.'), join(folder, name)),
      bytes: readFileSync(join(folder, name)),
    }));
}

/** The recorded inputs of fuzz/corpus/NAME. */
export function corpus(name: string): Kept[] {
  return readAll(join(CORPUS, name));
}

/** What a target has failed on before. */
export function regressions(target: string): Kept[] {
  return readAll(join(REGRESSIONS, target));
}

/** Keeps a recorded input. */
export function saveCorpus(name: string, file: string, bytes: Buffer): void {
  mkdirSync(join(CORPUS, name), { recursive: true });
  writeFileSync(join(CORPUS, name, `${file}.bin`), bytes);
}

/** Keeps an input on which a target fails; returns its path in the repository. */
export function saveRegression(target: string, bytes: Buffer): string {
  const folder = join(REGRESSIONS, target);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.bin`);
  writeFileSync(file, bytes);
  return relative(inRepository('.'), file);
}
