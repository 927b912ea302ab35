/** A promise that did not hold. Every other error that a target lets through is a finding as well. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/** @throws Finding */
export function hold(promise: boolean, otherwise: string): asserts promise {
  if (!promise) throw new Finding(otherwise);
}

/** What went wrong, without the numbers and names that differ from input to input: findings of one kind read alike. */
export function kindOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return `${name}: ${message.replaceAll(/\d+/g, '#')}`;
}
