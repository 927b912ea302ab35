import { existsSync, readFileSync } from 'node:fs';
import { inRepository } from './paths.js';
import { loadServiceFromDescriptorSet, type Service } from './service.js';

/** The files of the real system, which are not part of this repository: tests that read them skip when they are absent. */
const directory = inRepository('../shared/voltha');

export const volthaIsThere = existsSync(directory);

export function volthaFile(name: string): string {
  return `${directory}/${name}`;
}

/** `voltha.VolthaService`. */
export function volthaService(): Service {
  return loadServiceFromDescriptorSet(readFileSync(volthaFile('voltha.pb')), 'voltha.VolthaService');
}
