import type { Scenario } from '../scenario.js';
import { activeActive } from './active-active.js';
import { affinity } from './affinity.js';
import { headerHeavy } from './header-heavy.js';
import { idleConnections } from './idle-connections.js';
import { newestNode } from './newest-node.js';
import { oneAtATime } from './one-at-a-time.js';
import { openLoop } from './open-loop.js';
import { scalingConnections, scalingStreams } from './scaling.js';
import { slowStreams } from './slow-streams.js';
import { soak } from './soak.js';
import { messageStreams } from './streams.js';
import { tls } from './tls.js';
import { unary } from './unary.js';
import { workers } from './workers.js';

/** In the order in which they run and are reported. */
export const SCENARIOS: readonly Scenario[] = [
  unary,
  newestNode,
  oneAtATime,
  openLoop,
  headerHeavy,
  messageStreams,
  affinity,
  activeActive,
  idleConnections,
  slowStreams,
  tls,
  scalingConnections,
  scalingStreams,
  workers,
  soak,
];
