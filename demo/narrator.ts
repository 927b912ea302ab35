const colour = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

/** Tells the story on the terminal and keeps count of what was not seen to be true. */
export class Narrator {
  readonly failures: string[] = [];
  private chapter = '';
  private chapters = 0;

  title(text: string): void {
    this.chapter = text;
    console.log(`\n${paint(1, `${++this.chapters}. ${text}`)}`);
  }

  say(text: string): void {
    console.log(`   ${text}`);
  }

  /** A claim, and whether it was seen to be true. */
  check(seen: boolean, claim: string): void {
    console.log(`   ${seen ? paint(32, '✔') : paint(31, '✘ NOT SEEN:')} ${claim}`);
    if (!seen) this.failures.push(`${this.chapter}: ${claim}`);
  }
}
