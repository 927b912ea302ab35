import { createHmac, randomBytes } from 'node:crypto';

/** Hexadecimal digits of a digest: enough that two of a million keys hardly ever share one, too few to be worth more. */
const DIGITS = 16;

/**
 * What stands in the log for a routing key, which is a client's data: lines about one key can be joined, and nobody who reads
 * them can try out which key it was, for that takes the secret (HMAC, RFC 2104). A plain hash would not do: ids are few enough to
 * try them all.
 */
export class KeyDigest {
  private readonly secret: string | Buffer;

  /** @param secret processes that share one write the same digests; `random`: nobody else's are like these */
  constructor(secret: string) {
    this.secret = secret === 'random' ? randomBytes(32) : secret;
  }

  /** @param key one character an octet */
  of(key: string): string {
    return createHmac('sha256', this.secret).update(key, 'latin1').digest('hex').slice(0, DIGITS);
  }
}
