import { type CaseResult, METRICS, type Metric } from '../metrics.js';
import { median, valuesOf } from '../stats.js';
import { colour, INK, line, rect, svg, text, WIDTH } from './svg.js';
import { format } from './tables.js';

const LEFT = 170;
const RIGHT = 90;
const TOP = 34;
const BAR = 18;
const STEP = 26;
const GROUP = 24;

/** A horizontal bar a target for each case, as long as the median, with a whisker from the worst to the best round. */
export function barPlot(title: string, cases: readonly CaseResult[], metric: Metric): string {
  const { title: what, unit, digits, scale, better } = METRICS[metric];
  const most = Math.max(...cases.flatMap(({ targets }) => targets.flatMap((target) => valuesOf(target, metric))));
  const at = (value: number) => LEFT + ((WIDTH - LEFT - RIGHT) * value) / most;
  const parts: string[] = [];
  let y = TOP;
  for (const { name, targets } of cases) {
    if (cases.length > 1) {
      parts.push(text(10, y + 14, name, 'start', 'font-style="italic"'));
      y += GROUP;
    }
    targets.forEach(({ target, samples }, place) => {
      const values = valuesOf({ target, samples }, metric);
      if (values.length === 0) return;
      const middle = y + BAR / 2;
      parts.push(text(LEFT - 8, middle + 5, target, 'end'));
      parts.push(rect(LEFT, y, at(median(values)) - LEFT, BAR, colour(target, place)));
      parts.push(line(at(Math.min(...values)), middle, at(Math.max(...values)), middle, INK, 'stroke-width="2"'));
      parts.push(text(at(Math.max(...values)) + 6, middle + 5, format(median(values) * scale, digits), 'start'));
      y += STEP;
    });
    y += 8;
  }
  return svg(y + 4, `${title}: ${what}, ${unit} (${better} is better)`, parts);
}
