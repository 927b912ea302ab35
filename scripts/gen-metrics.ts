/** Writes docs/metrics.md from the catalogue in the code: `npm run build && node dist/scripts/gen-metrics.js`. */
import { writeFileSync } from 'node:fs';
import { metricsDocument } from '../src/observability/metrics-document.js';

writeFileSync(new URL('../../docs/metrics.md', import.meta.url), await metricsDocument());
