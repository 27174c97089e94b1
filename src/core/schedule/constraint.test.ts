import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConstraint } from './constraint.ts';
import { aNode } from './fixtures.ts';
import type { NodeWish } from './fixtures.ts';

const matches = (text: string, wish: NodeWish = {}): boolean => {
  const parsed = parseConstraint(text);
  assert.equal(parsed.kind, 'constraint', text);
  return parsed.kind === 'constraint' && parsed.constraint.matches(aNode('n1', wish).node);
};

const reason = (text: string): string => {
  const parsed = parseConstraint(text);
  return parsed.kind === 'invalid' ? parsed.reason : 'valid';
};

describe('constraints', () => {
  it('compares every attribute', () => {
    for (const text of [
      'node.id==n1',
      'node.hostname == host-n1',
      'node.role==worker',
      'node.ip==10.0.0.1',
      'node.ip==10.0.0.0/8',
      'node.platform.os==linux',
      'node.labels.disk==ssd',
      'engine.labels.zone==east',
    ]) {
      const wish = { labels: { disk: 'ssd' }, engineLabels: { zone: 'east' } };
      assert.ok(matches(text, wish), text);
      assert.equal(matches(text.replace('==', '!='), wish), false, text);
    }
  });

  it('compares keys and values without case, and names of labels with it', () => {
    assert.ok(matches('NODE.Role==Worker'));
    assert.ok(matches('Node.Labels.disk==SSD', { labels: { disk: 'ssd' } }));
    assert.equal(matches('node.labels.Disk==ssd', { labels: { disk: 'ssd' } }), false);
  });

  it('takes a label that is not there as empty', () => {
    assert.ok(matches('node.labels.disk!=ssd'));
    assert.equal(matches('node.labels.disk==ssd'), false);
  });

  it('knows the names that engines and images have for a processor', () => {
    for (const text of ['node.platform.arch==x86_64', 'node.platform.arch==amd64']) assert.ok(matches(text));
    assert.equal(matches('node.platform.arch!=amd64'), false);
    assert.ok(matches('node.platform.arch==arm64', { architecture: 'aarch64' }));
  });

  it('tests addresses against networks', () => {
    assert.ok(matches('node.ip!=10.0.1.0/24'));
    assert.ok(matches('node.ip==10.0.1.0/24', { address: '10.0.1.255' }));
    assert.equal(matches('node.ip==10.0.1.0/24', { address: 'fd00::1' }), false);
    assert.ok(matches('node.ip==fd00::1', { address: 'FD00::1' }));
  });

  it('says what is wrong', () => {
    assert.match(reason('node.labels.disk=ssd'), /no operator: write KEY==VALUE/);
    assert.match(reason('node.labels.disk=='), /the value "" is invalid/);
    assert.match(reason('==ssd'), /the key "" is invalid/);
    assert.match(reason('node.labels.a b==c'), /the key "node.labels.a b" is invalid/);
    assert.match(reason('node.labels.==c'), /unknown/);
    assert.match(reason('storage==ssd'), /the key "storage" is unknown; there are node.id, .*engine.labels.NAME/);
    assert.match(reason('node.id==a;b'), /the value "a;b" is invalid/);
  });
});
