/**
 * A header block that cannot be decoded (RFC 7541). The dynamic table no longer follows the peer's, so the connection ends
 * with COMPRESSION_ERROR (RFC 9113 §4.3) and the decoder must not be used again.
 */
export class HpackError extends Error {
  override readonly name: string = 'HpackError';
}

/** A header list so far over the limits that it can only be an attack: a small block that unfolds into a huge list. */
export class HeaderBombError extends HpackError {
  override readonly name = 'HeaderBombError';
}
