/**
 * A header block that cannot be decoded (RFC 7541). The dynamic table no longer follows the peer's, so the connection ends
 * with COMPRESSION_ERROR (RFC 9113 §4.3) and the decoder must not be used again.
 */
export class HpackError extends Error {
  override readonly name = 'HpackError';
}
