import type { Lab } from '../lab.js';
import { type AfrouterOptions, startAfrouter } from './afrouter.js';
import { startGrpcJs } from './grpc-js.js';
import { type HaproxyOptions, startHaproxy } from './haproxy.js';
import { startNginx } from './nginx.js';
import type { Place, Target } from './target.js';

/** The backend without anything in front of it. */
export async function direct(lab: Lab): Promise<Target> {
  const [port] = await lab.backends(1);
  return { name: 'direct', port: port!, process: undefined, tls: false };
}

export async function haproxy(lab: Lab, options?: HaproxyOptions, place?: Place): Promise<Target | undefined> {
  return lab.installed('haproxy') ? startHaproxy(place ?? (await lab.place(2)), options) : undefined;
}

export async function nginx(lab: Lab): Promise<Target | undefined> {
  return lab.installed('nginx') ? startNginx(await lab.place(2)) : undefined;
}

export async function grpcJs(lab: Lab): Promise<Target> {
  return startGrpcJs(await lab.place(2));
}

/** In front of two backends unless told otherwise. */
export async function afrouter(lab: Lab, options: Partial<AfrouterOptions> = {}, place?: Place): Promise<Target> {
  return startAfrouter(place ?? (await lab.place(2)), { node: lab.options.node, ...options });
}
