import type { X509Certificate } from 'node:crypto';

/** Longest identity that is passed on, in characters; SPIFFE ids have at most 2048. */
const MAX_LENGTH = 2048;

/**
 * Whom a verified certificate names: its first URI name (a SPIFFE id, for example), else its first DNS name, else the common
 * name of its subject where there is exactly one.
 *
 * @returns undefined when it names nobody, or when the name cannot stand in metadata as it is (printable ASCII without a space at
 * either end): a name that was changed, or the next best one, could be somebody else's
 */
export function certificateIdentity(certificate: X509Certificate): string | undefined {
  const names = alternativeNames(certificate.subjectAltName ?? '');
  if (names === undefined) return undefined;
  const name = names.find(isUri) ?? names.find(isDns);
  const identity = name === undefined ? commonName(certificate) : name.value;
  return identity !== undefined && identity.length <= MAX_LENGTH && /^[!-~]([ -~]*[!-~])?$/.test(identity)
    ? identity
    : undefined;
}

interface AlternativeName {
  readonly kind: string;
  readonly value: string;
}

const isUri = ({ kind }: AlternativeName): boolean => kind === 'URI';
const isDns = ({ kind }: AlternativeName): boolean => kind === 'DNS';

/**
 * Node writes the names as `DNS:a.example, URI:spiffe://a/b`, and one that holds a comma or a quotation mark as a JSON string:
 * without that (CVE-2021-44532) a certificate could smuggle a second name into its first.
 * @returns undefined when the text is not so: then nothing in it can be relied on
 */
function alternativeNames(text: string): AlternativeName[] | undefined {
  const matches = [...text.matchAll(/([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy)];
  if (matches.reduce((length, [whole]) => length + whole.length, 0) !== text.length) return undefined;
  return matches.map(([, kind, value]) => ({
    kind: kind!,
    value: value!.startsWith('"') ? (JSON.parse(value!) as string) : value!,
  }));
}

function commonName(certificate: X509Certificate): string | undefined {
  // A type that holds more than one value comes as a list.
  const name: unknown = certificate.toLegacyObject().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}
