const GRPC = 'application/grpc';

/** Whether a `content-type` is `application/grpc`, alone or with `+…` or `;…` (grpc/doc/PROTOCOL-HTTP2.md, Content-Type). */
export function isGrpc(contentType: string): boolean {
  if (!contentType.startsWith(GRPC)) return false;
  const next = contentType.charAt(GRPC.length);
  return next === '' || next === '+' || next === ';';
}
