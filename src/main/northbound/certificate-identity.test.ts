import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { Authority, type Subject } from '../../../test/support/certificates.js';
import { certificateIdentity } from './certificate-identity.js';

const authority = new Authority('authority');

function identity(subject: Subject): string | undefined {
  return certificateIdentity(new X509Certificate(authority.issue(subject).certificate));
}

const cases: readonly (readonly [what: string, subject: Subject, identity: string | undefined])[] = [
  ['the first URI name', { name: 'cn', dns: ['a'], uri: ['spiffe://a/b', 'spiffe://c/d'] }, 'spiffe://a/b'],
  ['the first DNS name without a URI name', { name: 'cn', dns: ['a.example', 'b.example'] }, 'a.example'],
  ['the common name without either', { name: 'a name' }, 'a name'],
  ['the common name beside IP addresses', { name: 'cn', ip: ['10.0.0.1'] }, 'cn'],
  ['nobody', {}, undefined],
  ['names with commas, which stay one name', { dns: ['a, URI:spiffe://x/y'] }, 'a, URI:spiffe://x/y'],
  ['names with quotation marks', { uri: ['spiffe://a/"b", URI:c'] }, 'spiffe://a/"b", URI:c'],
  ['names with a backslash', { uri: ['spiffe://a\\b'] }, 'spiffe://a\\b'],
  ['control characters', { name: 'a\r\nb' }, undefined],
  ['spaces at an end', { name: ' a' }, undefined],
  ['letters outside ASCII', { name: 'Zoë' }, undefined],
  ['a URI that is no metadata, not its DNS name instead', { dns: ['a'], uri: ['spiffe://a/\n'] }, undefined],
  ['2048 characters', { uri: [`a:${'x'.repeat(2046)}`] }, `a:${'x'.repeat(2046)}`],
  ['2049 characters', { uri: [`a:${'x'.repeat(2047)}`] }, undefined],
  ['an empty name', { dns: [''] }, undefined],
];

for (const [what, subject, expected] of cases) {
  test(`identity of a certificate: ${what}`, () => assert.equal(identity(subject), expected));
}
