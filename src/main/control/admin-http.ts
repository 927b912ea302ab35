import type { Server } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';

/** What the admin server tells. */
export interface AdminSources {
  /** Why the process should be restarted; empty when it is well. */
  liveness(): string[];
  /** Why no calls should be sent here; empty when they may. */
  readiness(): string[];
  /** All metrics in Prometheus' text format. */
  metrics(): Promise<string>;
}

/** Where it listens. */
export interface AdminAddress {
  readonly address: string;
  /** 1–65535. */
  readonly port: number;
}

/** Probes and scrapers are few and send little; whoever sends more is cut off before it costs anything. */
const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8192;
const REQUEST_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 30_000;
const MAX_BODY_BYTES = 1024;

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The admin HTTP server: `/livez`, `/readyz`, `/metrics`, and 404 for everything else. It only reads, and shares nothing with
 * the path of a call but the thread.
 */
export class AdminServer {
  private readonly address: AdminAddress;
  private readonly app: FastifyInstance;
  /** The scrape under way: those that come meanwhile get the same, so that scrapers cannot pile up work. */
  private scrape: Promise<string> | null = null;

  constructor(address: AdminAddress, sources: AdminSources, log: Logger) {
    this.address = address;
    this.app = Fastify({
      logger: false,
      bodyLimit: MAX_BODY_BYTES,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionTimeout: IDLE_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      forceCloseConnections: true,
      http: { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: REQUEST_TIMEOUT_MS },
    });
    const server: Server = this.app.server;
    server.maxConnections = MAX_CONNECTIONS;
    this.app.get('/livez', (_request, reply) => answer(reply, 'live', sources.liveness()));
    this.app.get('/readyz', (_request, reply) => answer(reply, 'ready', sources.readiness()));
    this.app.get('/metrics', async (_request, reply) => {
      this.scrape ??= sources.metrics().finally(() => {
        this.scrape = null;
      });
      return reply.type(PROMETHEUS_TEXT).send(await this.scrape);
    });
    this.app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'not found' }));
    this.app.setErrorHandler((error, _request, reply) => {
      const { statusCode = 500 } = error as { statusCode?: number };
      if (statusCode >= 500) log.error({ event: 'admin_failed', err: error }, 'an admin request failed');
      return reply.code(statusCode).send({ error: statusCode >= 500 ? 'failed; the log says why' : 'bad request' });
    });
  }

  /** Opens the port. @throws Error (rejects) when it cannot be had */
  async listen(): Promise<void> {
    await this.app.listen({ host: this.address.address, port: this.address.port });
  }

  /** Closes the port and every connection. */
  async close(): Promise<void> {
    await this.app.close();
  }
}

function answer(reply: FastifyReply, what: 'live' | 'ready', reasons: readonly string[]): FastifyReply {
  return reply.code(reasons.length === 0 ? 200 : 503).send({ [what]: reasons.length === 0, reasons });
}
