import type { Context, DiagLogger, Span, SpanContext, Tracer } from '@opentelemetry/api';
import type { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { LineAllowance, NO_LINE } from '../../observability/line-allowance.js';
import type { CallTracer } from '../call-reports/reporting.js';
import { type TraceParent, traceParent } from '../call-reports/trace-parent.js';
import { ConfigError } from '../config/config-error.js';
import type { CallRecord } from '../northbound/call-record.js';
import type { CallSpan } from '../northbound/call-report.js';
import { packageVersion } from '../package-file.js';
import { RecordedSpan } from './recorded-span.js';

type Api = typeof import('@opentelemetry/api');

/** How long the end of the process waits for the last spans to be taken, in ms. */
const STOP_MS = 3000;
/** Characters of what the SDK complains of: it quotes what servers answer. */
const MAX_COMPLAINT = 300;

/** Traces of calls, sent by OTLP (docs/tracing.md). */
export class Tracing implements CallTracer {
  private readonly api: Api;
  private readonly provider: BasicTracerProvider;
  private readonly tracer: Tracer;
  private readonly share: number;

  private constructor(api: Api, provider: BasicTracerProvider, oneIn: number) {
    this.api = api;
    this.provider = provider;
    this.tracer = provider.getTracer('afrouter', packageVersion());
    this.share = 1 / oneIn;
  }

  /**
   * Loads the OpenTelemetry packages and begins; they read the standard OTEL_ variables.
   * @param oneIn one call in so many that bring no trace context
   * @throws ConfigError (rejects) when the packages are not installed
   */
  static async start(oneIn: number, log: Logger): Promise<Tracing> {
    const { api, sdk, resources, exporter } = await load();
    api.diag.setLogger(complaints(log), { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true });
    const own = resources.resourceFromAttributes({ 'service.name': 'afrouter', 'service.version': packageVersion() });
    // What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes before.
    const given = resources.detectResources({ detectors: [resources.envDetector] });
    const provider = new sdk.BasicTracerProvider({
      resource: resources.defaultResource().merge(own).merge(given),
      // What is not sampled never comes here.
      sampler: new sdk.AlwaysOnSampler(),
      spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter())],
    });
    return new Tracing(api, provider, oneIn);
  }

  begin(call: CallRecord): CallSpan | null {
    const parent = traceParent(call.headers);
    const sampled = parent === undefined ? Math.random() < this.share : (parent.flags & 1) === 1;
    if (!sampled) return null;
    const context = this.contextOf(parent);
    const options = { kind: this.api.SpanKind.SERVER, startTime: performance.timeOrigin + call.beganMs };
    const span = this.tracer.startSpan('call', options, context);
    return new RecordedSpan(this.api, this.tracer, span, this.within(context, span), parent);
  }

  private contextOf(parent: TraceParent | undefined): Context {
    const { ROOT_CONTEXT, trace } = this.api;
    if (parent === undefined) return ROOT_CONTEXT;
    const { traceId, spanId, flags } = parent;
    const remote: SpanContext = { traceId, spanId, traceFlags: flags, isRemote: true };
    return trace.setSpanContext(ROOT_CONTEXT, remote);
  }

  private within(context: Context, span: Span): Context {
    return this.api.trace.setSpan(context, span);
  }

  /** Sends what is left, unless that takes too long. */
  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_MS);
    });
    // A failure has been told to the log.
    await Promise.race([this.provider.shutdown().catch(() => {}), limit]);
    clearTimeout(timer);
  }
}

/** The packages are optional, and loaded only here: who does not trace has nothing of them in memory. */
async function load() {
  try {
    const [api, sdk, resources, exporter] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
    ]);
    return { api, sdk, resources, exporter };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new ConfigError([
      {
        file: 'environment',
        path: 'AFROUTER_OTEL',
        found: 'true',
        allowed: 'false where the optional dependencies are not installed (npm install --include=optional)',
      },
    ]);
  }
}

/** The SDK tells of spans that could not be sent, or had to be dropped. */
function complaints(log: Logger): DiagLogger {
  const lines = new LineAllowance(0.1, 5, performance.now());
  const tell = (message: string): void => {
    const leftOut = lines.take(performance.now());
    if (leftOut === NO_LINE) return;
    log.warn({ event: 'tracing_problem', problem: message.slice(0, MAX_COMPLAINT), leftOut }, 'spans may be lost');
  };
  const ignore = (): void => {};
  return { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore };
}
