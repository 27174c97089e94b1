import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeMetrics } from './metrics.ts';

test('samples of all nodes with their node, those of one metric together', () => {
  const text = (value: number): string =>
    [
      '# HELP haproxy_up Whether it is.',
      '# TYPE haproxy_up gauge',
      `haproxy_up ${value}`,
      '# TYPE haproxy_requests counter',
      `haproxy_requests{proxy="a}b \\"c\\"",code="2xx"} ${value}`,
      'not a line of the format',
      '',
    ].join('\n');
  const merged = mergeMetrics([
    { node: 'n1', text: text(1) },
    { node: 'n"2\\', text: `${text(2)}# TYPE haproxy_new gauge\nhaproxy_new NaN\n` },
    { node: 'n3', text: '' },
  ]);
  assert.equal(
    merged,
    [
      '# HELP haproxy_up Whether it is.',
      '# TYPE haproxy_up gauge',
      'haproxy_up{node="n1"} 1',
      'haproxy_up{node="n\\"2\\\\"} 2',
      '# TYPE haproxy_requests counter',
      'haproxy_requests{node="n1",proxy="a}b \\"c\\"",code="2xx"} 1',
      'haproxy_requests{node="n\\"2\\\\",proxy="a}b \\"c\\"",code="2xx"} 2',
      '# TYPE haproxy_new gauge',
      'haproxy_new{node="n\\"2\\\\"} NaN',
      '',
    ].join('\n'),
  );
  assert.equal(mergeMetrics([]), '');
});
