import { readFile } from 'node:fs/promises';

/**
 * Reads a file again and again and tells when its content is another. The content is compared: file system events are lost
 * when Kubernetes swaps the directory behind a symbolic link, and times lie. A file that cannot be read is a change, too.
 */
export class FileWatch {
  private readonly path: string;
  private readonly onChange: () => void;
  private readonly timer: NodeJS.Timeout | null;
  private content: string | undefined;
  private looking = false;

  /**
   * @param pollMs between two looks, in ms; 0 = never
   * @param content what is in use
   */
  constructor(path: string, pollMs: number, content: string, onChange: () => void) {
    this.path = path;
    this.content = content;
    this.onChange = onChange;
    this.timer = pollMs === 0 ? null : setInterval(() => void this.look(), pollMs);
    this.timer?.unref();
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    const content = await readFile(this.path, 'utf8').catch(() => undefined);
    this.looking = false;
    if (content === this.content) return;
    this.content = content;
    this.onChange();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }
}
