/** How the text of a setting is read. */
export interface SettingFormat<T> {
  /** What is allowed, for messages and documentation. */
  readonly allowed: string;
  /** @returns undefined when the text is not allowed */
  parse(text: string): T | undefined;
}

/** Text that is not empty. @param allowed what it is */
export function text(allowed: string): SettingFormat<string> {
  return { allowed, parse: (value) => value || undefined };
}

/** A whole number in decimal, both bounds included. Stricter than `parseInt`, which takes `16MiB` for 16. */
export function integer(minimum: number, maximum: number): SettingFormat<number> {
  return {
    allowed: `a whole number from ${minimum} to ${maximum}`,
    parse(value) {
      const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
      return number >= minimum && number <= maximum ? number : undefined;
    },
  };
}

/** One of some words. */
export function choice<const T extends string>(words: readonly T[]): SettingFormat<T> {
  return { allowed: words.join(', '), parse: (value) => words.find((word) => word === value) };
}

export function flag(): SettingFormat<boolean> {
  return {
    allowed: 'true, false',
    parse: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
  };
}

/** What either of two formats takes. */
export function either<A, B>(first: SettingFormat<A>, second: SettingFormat<B>): SettingFormat<A | B> {
  return {
    allowed: `${first.allowed}, or ${second.allowed}`,
    parse: (value) => first.parse(value) ?? second.parse(value),
  };
}

/** A secret that callers send: long enough not to be guessed, and what a header may hold (RFC 6750, 2.1). */
export const TOKEN_FORMAT: SettingFormat<string> = {
  allowed: 'a token of 16 to 4096 letters, digits and -._~+/=',
  parse: (value) => (/^[\w.~+/=-]{16,4096}$/.test(value) ? value : undefined),
};
