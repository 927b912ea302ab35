import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { helpText } from '../src/main/config/command-line.js';
import type { Setting } from '../src/main/config/setting.js';
import { SETTINGS } from '../src/main/config/settings.js';
import { settingsDocument } from '../src/main/config/settings-document.js';
import { packageFile } from '../src/main/package-file.js';
import { Exposition } from '../src/observability/exposition.js';
import { METRICS, type MetricDefinition } from '../src/observability/metrics.js';
import { metricsDocument } from '../src/observability/metrics-document.js';

test('docs/settings.md is what the settings say', () => {
  const written = readFileSync(packageFile('docs/settings.md'), 'utf8');
  assert.equal(written, settingsDocument(), 'run: npm run build && node dist/scripts/gen-settings.js');
});

test('docs/metrics.md is what the catalogue says', async () => {
  const written = readFileSync(packageFile('docs/metrics.md'), 'utf8');
  assert.equal(written, await metricsDocument(), 'run: npm run build && node dist/scripts/gen-metrics.js');
});

test('metric names follow the conventions of Prometheus', () => {
  const names = new Set<string>();
  for (const { name, type, labels, help } of Object.values<MetricDefinition>(METRICS)) {
    assert.match(name, /^afrouter_[a-z][a-z0-9_]*[a-z0-9]$/);
    assert.equal(name.endsWith('_total'), type === 'counter', `${name}: counters, and only they, end in _total`);
    if (type === 'histogram') assert.match(name, /_seconds$/);
    for (const label of labels) assert.match(label, /^[a-z_]+$/, name);
    assert.match(help, /\.$/, `${name}: its help is a sentence`);
    assert.ok(!names.has(name), `${name} twice`);
    names.add(name);
  }
});

test('the help names every flag of a setting with its variable', () => {
  for (const { flag, env } of Object.values<Setting<unknown>>(SETTINGS)) {
    if (flag === undefined) continue;
    const line = helpText.split('\n').find((text) => text.trim().startsWith(`${flag} `));
    assert.ok(line?.includes(`(${env})`), flag);
  }
});

test('docs/dependencies.md has every package and no other', () => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(
    readFileSync(packageFile('package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  const rows = [...readFileSync(packageFile('docs/dependencies.md'), 'utf8').matchAll(/^\| (`[^|]*`) \|/gm)];
  const named = rows.flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  assert.deepEqual(named.sort(), Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies }).sort());
});

test('dashboard and alerts speak of metrics and labels that exist', async () => {
  const known = await seriesNames();
  const dashboard = readFileSync(packageFile('deploy/grafana/afrouter.json'), 'utf8');
  const alerts = readFileSync(packageFile('deploy/prometheus/alerts.yaml'), 'utf8');
  const expressions = [...dashboard.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(
    (match) => JSON.parse(match[1]!) as string,
  );
  assert.ok(expressions.length > 40, `${expressions.length} expressions`);
  const rules = alerts.split(/^ {6}- alert: /m).slice(1);
  assert.ok(rules.length > 10, `${rules.length} alerts`);
  for (const text of [...expressions, ...rules.map((rule) => rule.slice(0, rule.indexOf('annotations:')))]) {
    const mentioned = [...text.matchAll(/afrouter_[a-z0-9_]+/g)].map(([name]) => name);
    assert.ok(mentioned.length > 0, text);
    const labels = new Set(['le', 'instance', ...mentioned.flatMap((name) => known.get(name) ?? [])]);
    for (const name of mentioned) assert.ok(known.has(name), `${name} is no metric: ${text}`);
    for (const [, label] of text.matchAll(/[{,]([a-z_]+)(?:=|!)/g)) assert.ok(labels.has(label!), `${label}: ${text}`);
    for (const [, by] of text.matchAll(/(?:by|on) \(([^)]*)\)/g)) {
      for (const label of by!.split(', ')) assert.ok(labels.has(label), `${label}: ${text}`);
    }
  }
});

/** Every name that can stand in an expression, with its labels; those of prom-client as they are when nothing has happened. */
async function seriesNames(): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, readonly string[]>();
  for (const { name, type, labels } of Object.values<MetricDefinition>(METRICS)) {
    for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) names.set(name + suffix, labels);
  }
  for (const [, name, type] of (await new Exposition([]).text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''])
      names.set(name! + suffix, ['kind']);
  }
  return names;
}
