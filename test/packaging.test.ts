import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SETTINGS } from '../src/main/config/settings.js';
import { ADDRESS_VARIABLE } from '../src/main/ctl/options.js';
import { inRepository } from './support/paths.js';

let directory: string;
let files: string[];

/** The package as npm would publish it, unpacked; its dependencies are the repository's. */
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'afrouter-pack-'));
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], {
    cwd: inRepository('.'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const answer = JSON.parse(packed) as unknown;
  // npm 11 answers with a list, later ones with an object by package name.
  const [{ filename }] = Object.values(answer as Record<string, { filename: string }>) as [{ filename: string }];
  execFileSync('tar', ['-xzf', join(directory, filename), '-C', directory]);
  symlinkSync(inRepository('node_modules'), join(directory, 'node_modules'));
  files = readdirSync(join(directory, 'package'), { recursive: true, encoding: 'utf8' });
});

after(() => rmSync(directory, { recursive: true, force: true }));

function afrouter(...args: string[]): string {
  return execFileSync(process.execPath, [join(directory, 'package/dist/src/main/cli.js'), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
}

test('the package runs by itself: version, help, and a dry run of its example', () => {
  const { version } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as { version: string };
  assert.equal(afrouter('--version'), `afrouter ${version}\n`);
  assert.match(afrouter('--help'), /--config FILE/);
  assert.match(afrouter('--config', join(directory, 'package/config/example.json'), '--dry-run'), /valid/);
});

test('the package has what users need and no tests', () => {
  for (const wanted of ['README.md', 'LICENSE', 'CHANGELOG.md', 'config/example.json', 'protos/configuration.proto']) {
    assert.ok(files.includes(wanted), wanted);
  }
  assert.deepEqual(
    files.filter((file) => /\.test\.|^test\/|^dist\/test|^bench|^demo/.test(file)),
    [],
  );
});

test('what deploy/ and the documents set are settings that there are', () => {
  const known = new Set([...Object.values(SETTINGS).map(({ env }) => env), ADDRESS_VARIABLE]);
  const texts = readdirSync(inRepository('deploy'), { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const documents = readdirSync(inRepository('docs'), { encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => inRepository(`docs/${name}`));
  for (const file of [...texts, ...documents, inRepository('README.md'), inRepository('SECURITY.md')]) {
    for (const [variable] of readFileSync(file, 'utf8').matchAll(/\bAFROUTER_[A-Z_]*[A-Z]\b/g)) {
      assert.ok(known.has(variable), `${file}: ${variable}`);
    }
  }
});
