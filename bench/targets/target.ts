import type { BenchProcess } from '../process.js';

/** Something that is measured: a proxy in front of the backends, or nothing (direct). */
export interface Target {
  /** Targets of one name do the same with different means; ratios are between names. */
  readonly name: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** The proxy's process; undefined for direct. */
  readonly process: BenchProcess | undefined;
  /** It speaks TLS. */
  readonly tls: boolean;
}

/** What a target needs to start. */
export interface Place {
  /** For its files; removed at the end. */
  readonly dir: string;
  readonly port: number;
  /** Ports of the backends on 127.0.0.1. */
  readonly backends: readonly number[];
  /** TLS on both sides, with these files. */
  readonly tls?: TlsFiles | undefined;
}

/** Paths of PEM files. The certificate is for `localhost` and 127.0.0.1; proxy and backends show the same one. */
export interface TlsFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** Certificate and key in one file. */
  readonly both: string;
}
