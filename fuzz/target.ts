/** A part of the program that takes bytes from others, and what must hold whatever they are. */
export interface Target {
  readonly name: string;
  /** Folder of fuzz/corpus/ with the inputs to begin with. */
  readonly corpus: string;
  /** Whether inputs are HTTP/2 frames, for mutations that know them. */
  readonly framed: boolean;
  /** A fresh one: what a run leaves behind stays in it, as in a thread that has served other connections before. */
  start(): Run;
}

/**
 * Feeds one input. Returns what happened, in few words: an input by which something new happens is worth mutating further.
 * Throws (or rejects) when a promise does not hold; the same input gives the same result.
 */
export type Run = (input: Buffer) => string | Promise<string>;
