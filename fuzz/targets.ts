import type { Target } from './target.js';
import { clientTarget } from './targets/client.js';
import { fieldTarget } from './targets/field.js';
import { framesTarget } from './targets/frames.js';
import { hpackTarget } from './targets/hpack.js';
import { messageTarget } from './targets/message.js';
import { portTarget } from './targets/port.js';
import { serverTarget } from './targets/server.js';

/** Everything that is fuzzed. */
export const targets: readonly Target[] = [
  serverTarget,
  clientTarget,
  hpackTarget,
  framesTarget,
  messageTarget,
  fieldTarget,
  portTarget,
];
