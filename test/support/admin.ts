import { Scrape } from './scrape.js';

/** An answer of the admin server. */
export interface AdminAnswer {
  readonly status: number;
  readonly text: string;
}

/** A client of the daemon's admin HTTP server. */
export class Admin {
  readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  async get(path: string, method = 'GET'): Promise<AdminAnswer> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { method });
    return { status: response.status, text: await response.text() };
  }

  async metrics(): Promise<Scrape> {
    const { status, text } = await this.get('/metrics');
    if (status !== 200) throw new Error(`/metrics: ${status} ${text}`);
    return new Scrape(text);
  }

  /** What a probe is told, `/livez` or `/readyz`. */
  async probe(path: '/livez' | '/readyz'): Promise<{ readonly status: number; readonly reasons: readonly string[] }> {
    const { status, text } = await this.get(path);
    return { status, reasons: (JSON.parse(text) as { reasons: string[] }).reasons };
  }
}
