import { type CaseResult, METRICS, type Metric } from '../metrics.js';
import { median, valuesOf } from '../stats.js';
import { circle, colour, INK, line, polyline, svg, text, WIDTH } from './svg.js';
import { format } from './tables.js';

const HEIGHT = 300;
const LEFT = 70;
const RIGHT = 130;
const TOP = 40;
const BOTTOM = 44;
/** At most. */
const GRID_LINES = 5;
/** Cases that span more than this are spread by their logarithm. */
const WIDE = 20;
/** More points than that are drawn as a line alone, with its ends marked on the axis. */
const MANY = 12;

/** A line a target over the cases' `x`. */
export function linePlot(title: string, all: readonly CaseResult[], metric: Metric, xTitle: string): string {
  const cases = all.filter(({ x }) => x !== undefined);
  const { title: what, unit, scale } = METRICS[metric];
  const xs = cases.map(({ x }) => x!);
  const values = cases.flatMap(({ targets }) => targets.flatMap((target) => valuesOf(target, metric)));
  const step = roundStep((Math.max(...values) * scale) / GRID_LINES);
  const top = Math.ceil((Math.max(...values) * scale) / step) * step;
  const xAt = horizontal(xs);
  const yAt = (shown: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * shown) / top;
  const parts: string[] = [];
  for (let shown = 0; shown <= top; shown += step) {
    parts.push(line(LEFT, yAt(shown), WIDTH - RIGHT, yAt(shown), INK, 'stroke-opacity="0.3"'));
    parts.push(text(LEFT - 8, yAt(shown) + 4, format(shown, step < 1 ? 1 : 0), 'end'));
  }
  const marked = xs.length > MANY ? [xs[0]!, xs.at(-1)!] : xs;
  for (const x of marked)
    parts.push(text(xAt(x), HEIGHT - BOTTOM + 18, format(x, Number.isInteger(x) ? 0 : 1), 'middle'));
  parts.push(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, xTitle, 'middle'));
  const names = cases[0]?.targets.map(({ target }) => target) ?? [];
  names.forEach((name, place) => {
    const points = pointsOf(cases, name, metric).map(([x, value]) => [xAt(x), yAt(value * scale)] as const);
    parts.push(polyline(points, colour(name, place)));
    if (points.length <= MANY) parts.push(...points.map(([x, y]) => circle(x, y, colour(name, place))));
    parts.push(circle(WIDTH - RIGHT + 20, TOP + 20 * place, colour(name, place)));
    parts.push(text(WIDTH - RIGHT + 30, TOP + 20 * place + 5, name, 'start'));
  });
  return svg(HEIGHT, `${title}: ${what}, ${unit}`, parts);
}

/** The next larger of 1, 2 and 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5].map((n) => n * power).find((step) => step >= least) ?? 10 * power;
}

function pointsOf(cases: readonly CaseResult[], name: string, metric: Metric): (readonly [number, number])[] {
  return cases.flatMap(({ x, targets }) => {
    const target = targets.find((each) => each.target === name);
    return target === undefined ? [] : [[x!, median(valuesOf(target, metric))] as const];
  });
}

function horizontal(xs: readonly number[]): (x: number) => number {
  const first = Math.min(...xs);
  const last = Math.max(...xs);
  const by = last / first > WIDE && xs.length <= MANY ? Math.log : (x: number) => x;
  const width = by(last) - by(first) || 1;
  return (x) => LEFT + 10 + ((WIDTH - LEFT - RIGHT - 20) * (by(x) - by(first))) / width;
}
