import type { FrameWriter } from '../codec/frame-writer.js';
import { DEFAULT_WINDOW_BYTES } from '../frame/head.js';
import { Setting } from '../frame/settings.js';
import type { SessionLimits } from './options.js';

/**
 * What either side says first (RFC 9113 §3.4): SETTINGS, beginning with `settings` (identifier, value, …), and, when we want a
 * larger connection window than the default, its WINDOW_UPDATE.
 */
export function sendPreface(writer: FrameWriter, limits: SessionLimits, settings: readonly number[]): void {
  const { streamWindow, maxHeaderListBytes, headerTableBytes, connectionWindow } = limits;
  const entries = [
    ...settings,
    Setting.INITIAL_WINDOW_SIZE,
    streamWindow,
    Setting.MAX_HEADER_LIST_SIZE,
    maxHeaderListBytes,
  ];
  if (headerTableBytes !== 4096) entries.push(Setting.HEADER_TABLE_SIZE, headerTableBytes);
  writer.settings(entries);
  const more = connectionWindow - DEFAULT_WINDOW_BYTES;
  if (more > 0) writer.windowUpdate(0, more);
}
