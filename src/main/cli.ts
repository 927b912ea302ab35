#!/usr/bin/env node
import type { Logger } from 'pino';
import { MAIN_AREAS, ThreadLog } from '../observability/log.js';
import { helpText, parseCommandLine } from './config/command-line.js';
import { ConfigError } from './config/config-error.js';
import { type LoadedRoutingFile, loadRoutingFile } from './config/load.js';
import { loadSettings, type Settings } from './config/settings.js';
import type { LogLevels } from './control/log-levels.js';
import { letHeapGrow } from './heap-growth.js';
import { packageVersion } from './package-file.js';
import { FileWatch } from './reload/file-watch.js';
import type { Tracing } from './tracing/open-telemetry.js';

/** Exit codes: 0 all is well or drained, 1 configuration or start failed, 130 a second signal cut the drain short. */
const EXIT_FAILED = 1;
const EXIT_CUT_SHORT = 130;

async function main(): Promise<void> {
  if (process.argv[2] === 'ctl') {
    // Loaded only here: a router needs none of it.
    const { ctl } = await import('./ctl/ctl.js');
    process.exitCode = await ctl(process.argv.slice(3), process.env);
    return;
  }
  const command = parseCommandLine(process.argv.slice(2));
  if (command.help) {
    process.stdout.write(helpText);
    return;
  }
  if (command.version) {
    process.stdout.write(`afrouter ${packageVersion()}\n`);
    return;
  }
  const settings = loadSettings(process.env, command);
  const loaded = loadRoutingFile(settings.config);
  const log = new ThreadLog({ level: settings.logLevel, areas: {} }, 'main', MAIN_AREAS);
  for (const warning of loaded.warnings) log.area('config').warn({ event: 'config_warning' }, warning);
  if (settings.dryRun) {
    process.stdout.write(`${settings.config}: the configuration is valid\n`);
    return;
  }
  await run(settings, loaded, log);
}

async function run(settings: Settings, { config, text }: LoadedRoutingFile, threadLog: ThreadLog): Promise<void> {
  const log = threadLog.logger;
  letHeapGrow();
  // Loaded only now: a dry run needs neither gRPC nor an HTTP server, which take most of the time to load.
  const { Daemon } = await import('./daemon.js');
  const tracing = settings.otel ? await startTracing(settings.otelSample, log) : null;
  const daemon = new Daemon(config, () => loadRoutingFile(settings.config), settings, threadLog, tracing);
  const { reloader } = daemon;
  const started = daemon.start();
  const reload = (reason: string): void => {
    started.then(
      () => void reloader.reload(reason),
      () => {
        // The process ends; why is said below.
      },
    );
  };
  const watch = new FileWatch(settings.config, settings.configPollMs, text, () => reload('file changed'));
  let signalled = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (signalled) {
      log.warn({ event: 'cut_short', signal }, 'second signal: ending at once');
      process.exit(EXIT_CUT_SHORT);
    }
    signalled = true;
    watch.stop();
    log.info({ event: 'signal', signal }, 'signal received');
    daemon.drain().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ event: 'stop_failed', err: error }, 'stopping failed');
        process.exit(EXIT_FAILED);
      },
    );
  };
  process.on('SIGHUP', () => reload('SIGHUP'));
  process.on('SIGUSR1', () => log.warn({ event: 'signal_ignored', signal: 'SIGUSR1' }, 'the inspector stays closed'));
  process.on('SIGUSR2', () => void toggleDebug(daemon.logLevels, log));
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  try {
    await started;
  } catch (error) {
    log.fatal({ event: 'start_failed', err: error }, 'the router could not start');
    process.exit(EXIT_FAILED);
  }
}

async function startTracing(oneIn: number, log: Logger): Promise<Tracing> {
  const { Tracing } = await import('./tracing/open-telemetry.js');
  return Tracing.start(oneIn, log);
}

/** Everything is logged, or as before again. A line of level warn says so, as few logs leave those out. */
async function toggleDebug(logLevels: LogLevels, log: Logger): Promise<void> {
  try {
    log.warn(
      { event: 'debug_toggled', debug: await logLevels.toggleDebug() },
      'SIGUSR2 switches debug lines on or off',
    );
  } catch (error) {
    log.error({ event: 'debug_toggle_failed', err: error }, 'not every thread has changed what it logs');
  }
}

/** Node answers this signal by opening its inspector, through which any local user could run code here. */
process.on('SIGUSR1', () => {});

main().catch((error: unknown) => {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else process.stderr.write(`afrouter: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = EXIT_FAILED;
});
