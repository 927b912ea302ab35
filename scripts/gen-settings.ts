/** Writes docs/settings.md from the settings in the code: `npm run build && node dist/scripts/gen-settings.js`. */
import { writeFileSync } from 'node:fs';
import { settingsDocument } from '../src/main/config/settings-document.js';

writeFileSync(new URL('../../docs/settings.md', import.meta.url), settingsDocument());
