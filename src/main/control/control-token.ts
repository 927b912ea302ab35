import { readFileSync } from 'node:fs';
import { ConfigError, type ConfigProblem } from '../config/config-error.js';
import { TOKEN_FORMAT } from '../config/setting-format.js';
import type { Settings } from '../config/settings.js';

/**
 * The token that callers of the control API must carry.
 * @returns undefined when none is asked for
 * @throws ConfigError when the file cannot be used, or both settings are given
 */
export function controlToken({
  controlToken: token,
  controlTokenFile: file,
}: Pick<Settings, 'controlToken' | 'controlTokenFile'>): string | undefined {
  if (file === 'none') return token === 'none' ? undefined : token;
  if (token !== 'none')
    throw problem('both are set', 'AFROUTER_CONTROL_TOKEN or AFROUTER_CONTROL_TOKEN_FILE, not both');
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw problem(error instanceof Error ? error.message : String(error), 'a readable file');
  }
  if (TOKEN_FORMAT.parse(text) === undefined)
    throw problem(`${file}, which holds something else`, TOKEN_FORMAT.allowed);
  return text;
}

function problem(found: string, allowed: string): ConfigError {
  const one: ConfigProblem = { file: 'environment', path: 'AFROUTER_CONTROL_TOKEN_FILE', found, allowed };
  return new ConfigError([one]);
}
