import type { Logger } from 'pino';
import type { ServerConfig } from '../config/routing-file.js';
import type { ServiceRouter } from '../routing/service-router.js';
import type { Listener } from './listener.js';
import type { ListenerFactory } from './listener-factory.js';

/** Listeners of a new configuration, and what it takes to get there. Nothing has happened yet. */
export interface ListenersChange {
  readonly added: readonly Listener[];
  readonly kept: readonly { readonly listener: Listener; readonly config: ServerConfig }[];
  readonly removed: readonly Listener[];
}

/** Every listener. One is known by its address and port: all else can change under it, with its connections going on. */
export class Listeners {
  private readonly factory: ListenerFactory;
  private readonly drainMs: number;
  private readonly log: Logger;
  private all: readonly Listener[] = [];

  /** @param drainMs time for the clients of a listener that is gone, in ms */
  constructor(factory: ListenerFactory, drainMs: number, log: Logger) {
    this.factory = factory;
    this.drainMs = drainMs;
    this.log = log;
  }

  [Symbol.iterator](): Iterator<Listener> {
    return this.all[Symbol.iterator]();
  }

  /** Works out what a new configuration means. */
  plan(configs: readonly ServerConfig[]): ListenersChange {
    const known = configs.map((config) => ({ config, listener: this.at(config) }));
    return {
      added: known.filter(({ listener }) => listener === undefined).map(({ config }) => this.factory.listener(config)),
      kept: known.flatMap(({ config, listener }) => (listener === undefined ? [] : [{ config, listener }])),
      removed: this.all.filter((listener) => !known.some((each) => each.listener === listener)),
    };
  }

  private at({ address, port }: ServerConfig): Listener | undefined {
    return this.all.find(({ config }) => config.address === address && config.port === port);
  }

  /**
   * Opens the ports of the new listeners; nobody is served there yet.
   * @throws Error (rejects) when one cannot be had; then none of them is open
   */
  async open({ added }: ListenersChange): Promise<void> {
    const opened = await Promise.allSettled(added.map((listener) => listener.listen()));
    const failure = opened.find((result) => result.status === 'rejected');
    if (failure === undefined) return;
    for (const listener of added) listener.close();
    throw failure.reason;
  }

  /** Serves by a new configuration: every listener gets its routes, and the clients of those that are gone are sent away. */
  settle({ added, kept, removed }: ListenersChange, routerOf: (config: ServerConfig) => ServiceRouter): void {
    const keys = identityKeys([...kept, ...added].map(({ config }) => config));
    const serve = (listener: Listener, config: ServerConfig): void =>
      listener.configure(config, routerOf(config), keys, this.log.child({ listener: config.name }));
    for (const { listener, config } of kept) serve(listener, config);
    for (const listener of added) serve(listener, listener.config);
    this.all = [...kept.map(({ listener }) => listener), ...added];
    for (const listener of removed) this.retire(listener);
  }

  /** Its clients are sent away, and cut off after the drain limit. */
  private retire(listener: Listener): void {
    const limit = setTimeout(() => listener.close(), this.drainMs);
    limit.unref();
    void listener.drain().then(() => {
      clearTimeout(limit);
      listener.close();
    });
  }

  /** Accepts no more, sends every client away, and resolves when the last call has ended. */
  async drain(): Promise<void> {
    await Promise.all(this.all.map((listener) => listener.drain()));
  }

  /** Ends every connection now. */
  close(): void {
    for (const listener of this.all) listener.close();
  }
}

function identityKeys(configs: readonly ServerConfig[]): readonly string[] {
  return [...new Set(configs.map(({ tls }) => tls?.identityKey).filter((key) => key !== undefined))];
}
