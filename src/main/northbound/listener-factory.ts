import type { Logger } from 'pino';
import { ScratchPool } from '../../http2/codec/scratch-pool.js';
import type { Turn } from '../../http2/codec/turn.js';
import { SharedHeaderLists } from '../../http2/hpack/shared-header-lists.js';
import { newFlowCounters } from '../../http2/session/flow-counters.js';
import { newLimitCounters } from '../../http2/session/limit-counters.js';
import type { SessionContext } from '../../http2/session/options.js';
import { creditStep } from '../../port/records.js';
import type { ServerConfig } from '../config/routing-file.js';
import type { Settings } from '../config/settings.js';
import type { HealthSource } from '../health/health-source.js';
import { ServiceRouter } from '../routing/service-router.js';
import { Arrivals } from './arrivals.js';
import type { CallContext, NorthboundCounters } from './call-context.js';
import { ListenerCalls } from './call-counters.js';
import type { CallReporter } from './call-report.js';
import { HeldBudget } from './held-budget.js';
import { Listener, type ListenerOptions } from './listener.js';

/** Different header lists remembered; enough for the methods of many services, small against memory. */
const SHARED_HEADER_LISTS = 4096;

/** Makes listeners, with what all of them share. */
export class ListenerFactory {
  /** Bytes held for routing, over all listeners. */
  readonly budget: HeldBudget;
  private readonly settings: Settings;
  private readonly health: HealthSource;
  private readonly turn: Turn;
  private readonly arrivals: Arrivals;
  private readonly log: Logger;
  private readonly session: SessionContext;
  private readonly reporter: CallReporter | null;

  /** @param reporter null when nobody wants to know of calls */
  constructor(settings: Settings, health: HealthSource, turn: Turn, log: Logger, reporter: CallReporter | null) {
    this.reporter = reporter;
    this.settings = settings;
    this.health = health;
    this.turn = turn;
    this.arrivals = new Arrivals(turn);
    this.log = log;
    this.budget = new HeldBudget(settings.heldBytes);
    this.session = { turn, scratch: new ScratchPool(), sharedLists: new SharedHeaderLists(SHARED_HEADER_LISTS) };
  }

  /** A listener that serves nobody yet: its port is closed and it has no routes. */
  listener(config: ServerConfig): Listener {
    const { settings } = this;
    const counters: NorthboundCounters = {
      notGrpc: 0,
      oversizedHeaders: 0,
      deadlines: 0,
      connections: 0,
      connectionsRefused: 0,
      handshakesFailed: 0,
      handshakeTimeouts: 0,
    };
    const context: CallContext = {
      listener: config.name,
      router: new ServiceRouter([]),
      budget: this.budget,
      maxMessageBytes: settings.maxMessageBytes,
      deadlineSlackMs: settings.deadlineSlackMs,
      creditStep: creditStep(settings.streamWindow),
      counters,
      calls: new ListenerCalls(),
      arrivals: this.arrivals,
      turn: this.turn,
      health: settings.northboundHealth ? this.health : undefined,
      reporter: this.reporter,
      log: this.log.child({ listener: config.name }),
    };
    const options: ListenerOptions = {
      session: { ...settings, keepaliveIdle: true, counters: newLimitCounters(), flow: newFlowCounters() },
      maxConnections: settings.maxConnections,
      reusePort: settings.reusePort,
      tlsHandshakeMs: settings.tlsHandshakeMs,
    };
    return new Listener(config, context, this.session, options);
  }
}
