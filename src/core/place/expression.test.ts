import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseExpression } from './expression.ts';
import { findHints } from './hints.ts';
import { familiarImage, isImage, repositoryOf } from './image.ts';

const passes = (text: string, ...values: string[]): boolean => {
  const parsed = parseExpression(text);
  assert.equal(parsed.kind, 'expression', text);
  return parsed.kind === 'expression' && parsed.expression.passes(values);
};

describe('filter expressions', () => {
  it('compares whole values, with case', () => {
    assert.ok(passes('storage==ssd', 'ssd'));
    assert.ok(!passes('storage==ssd', 'SSD'));
    assert.ok(!passes('storage==ssd', 'ssd2'));
    assert.ok(passes('storage!=ssd', 'disk'));
    assert.ok(passes('storage!=ssd'));
    assert.ok(!passes('storage!=ssd', 'disk', 'ssd'));
  });

  it('takes globs and regular expressions', () => {
    assert.ok(passes('region==us*', 'us-east'));
    assert.ok(passes('region==*east*', 'us-east-1'));
    assert.ok(!passes('region==a*a', 'a'));
    assert.ok(passes('node==/node[12]/', 'node1'));
    assert.ok(passes('node!=/(?i)NODE1/', 'node2'));
  });

  it('reads wishes', () => {
    const parsed = parseExpression('image==~redis');
    assert.ok(parsed.kind === 'expression' && parsed.expression.soft && parsed.expression.passes(['redis']));
    const other = parseExpression('container!=~web*');
    assert.ok(other.kind === 'expression' && other.expression.soft && !other.expression.passes(['web1']));
  });

  it('refuses what is none', () => {
    for (const text of [
      'storage=ssd',
      'storage',
      '==ssd',
      'a b==c',
      'storage==',
      'node==/(/',
      `a==${'x'.repeat(2000)}`,
    ]) {
      assert.equal(parseExpression(text).kind, 'invalid', text);
    }
  });
});

describe('hints', () => {
  it('come from environment and labels, and leave the environment', () => {
    const result = findHints(
      ['A=1', 'constraint:storage==ssd', 'affinity:container!=~web*', 'reschedule:on-node-failure', 'B'],
      { 'com.docker.swarm.constraints': '["region==us*"]', other: 'x' },
    );
    assert.deepEqual(result, {
      kind: 'hints',
      found: {
        hints: { constraints: ['region==us*', 'storage==ssd'], affinities: ['container!=~web*'] },
        reschedule: 'on-node-failure',
        env: ['A=1', 'B'],
      },
    });
  });

  it('are refused with the reason', () => {
    const reasons = [
      findHints(['constraint:storage=ssd'], {}),
      findHints(['reschedule:always'], {}),
      findHints(['reschedule:off', 'reschedule:on-node-failure'], {}),
      findHints([], { 'com.docker.swarm.affinities': '{"a":1}' }),
    ];
    for (const reason of reasons) assert.equal(reason.kind, 'invalid');
  });
});

describe('image references', () => {
  it('have a familiar form', () => {
    assert.equal(familiarImage('docker.io/library/busybox'), 'busybox:latest');
    assert.equal(familiarImage('registry:5000/web'), 'registry:5000/web:latest');
    assert.equal(familiarImage('web:1@sha256:ab'), 'web@sha256:ab');
    assert.equal(repositoryOf('registry:5000/web:1'), 'registry:5000/web');
  });

  it('fit by tag, digest or the beginning of an id', () => {
    const image = { id: 'sha256:0123456789abcdef', tags: ['busybox:latest'], digests: ['busybox@sha256:ff'] };
    for (const fitting of ['busybox', 'docker.io/busybox:latest', '0123', 'sha256:01234', 'busybox@sha256:ff']) {
      assert.ok(isImage(image, fitting), fitting);
    }
    for (const other of ['busybox:1', 'busy', '0124', 'other@sha256:ff']) assert.ok(!isImage(image, other), other);
  });
});
