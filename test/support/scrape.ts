export type LabelValues = Readonly<Record<string, string>>;

interface Series {
  readonly name: string;
  readonly labels: LabelValues;
  readonly value: number;
}

/** What `/metrics` said once, read from Prometheus' text format. */
export class Scrape {
  readonly series: readonly Series[];

  /** @throws Error on a line that is neither a comment nor a series, and on a series that is there twice */
  constructor(text: string) {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    if (new Set(lines.map((line) => line.slice(0, line.lastIndexOf(' ')))).size !== lines.length) {
      throw new Error(`a series twice:\n${text}`);
    }
    this.series = lines.map(parse);
  }

  /** Series of a metric whose labels have these values, whatever the others have. */
  matching(name: string, labels: LabelValues = {}): Series[] {
    const wanted = Object.entries(labels);
    return this.series.filter(
      (series) => series.name === name && wanted.every(([label, value]) => series.labels[label] === value),
    );
  }

  /** The sum of these series; 0 when there is none. */
  sum(name: string, labels: LabelValues = {}): number {
    return this.matching(name, labels).reduce((sum, { value }) => sum + value, 0);
  }
}

function parse(line: string): Series {
  const match = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (match === null) throw new Error(`not a series: ${line}`);
  const [, name, labels = '', value] = match;
  const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(
    ([, label, text]) => [label!, text!] as const,
  );
  return { name: name!, labels: Object.fromEntries(pairs), value: Number(value!.replace('Inf', 'Infinity')) };
}
