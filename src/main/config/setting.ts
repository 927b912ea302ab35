import type { SettingFormat } from './setting-format.js';

/** One setting: where it comes from and what it may be. */
export interface Setting<T> {
  /** The environment variable. */
  readonly env: string;
  /** The command-line flag that overrides the variable. */
  readonly flag: string | undefined;
  readonly format: SettingFormat<T>;
  /** As it would be written in the environment; undefined = it must be given. */
  readonly default: string | undefined;
  readonly doc: string;
  /** Its value is never shown. */
  readonly secret: boolean;
}

/** A setting that may be given by `env`, and by `flagName` where there is one. */
export function setting<T>(
  env: string,
  format: SettingFormat<T>,
  byDefault: number | string | undefined,
  doc: string,
  flagName?: string,
): Setting<T> {
  return { env, flag: flagName, format, default: byDefault?.toString(), doc, secret: false };
}

/** A setting whose value is never shown. */
export function secret<T>(env: string, format: SettingFormat<T>, byDefault: string, doc: string): Setting<T> {
  return { ...setting(env, format, byDefault, doc), secret: true };
}

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
/** The largest flow-control window (RFC 9113, 6.9.1). */
export const MAX_WINDOW = 2 ** 31 - 1;
/** The largest delay of a Node timer: a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
