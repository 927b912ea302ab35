/** Units of `grpc-timeout` in ms (grpc/doc/PROTOCOL-HTTP2.md, TimeoutUnit). */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

const TIMEOUT = /^(\d{1,8})([HMSmun])$/;

/**
 * The value of `grpc-timeout` in ms, or undefined when it is malformed: 1 to 8 digits and a unit.
 * `100m` → 100, `2S` → 2000, `1u` → 0.001.
 */
export function parseTimeout(value: string): number | undefined {
  const match = TIMEOUT.exec(value);
  return match === null ? undefined : Number(match[1]) * UNITS[match[2]!]!;
}
