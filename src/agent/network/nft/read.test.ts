import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNftTable } from './read.ts';

/** In the form of nft 1.0.6. */
const listing = JSON.stringify({
  nftables: [
    { metainfo: { version: '1.0.6', json_schema_version: 1 } },
    { table: { family: 'ip', name: 'tutti', handle: 3 } },
    { set: { name: 'subnets', elem: [{ prefix: { addr: '10.128.0.0', len: 20 } }, '10.9.9.9'] } },
    { set: { name: 'reach', elem: [{ concat: ['tutti0-abcdefgh', { prefix: { addr: '10.128.0.0', len: 20 } }] }] } },
    { set: { name: 'refused', elem: [{ concat: ['tcp', 81] }] } },
    { set: { name: 'empty' } },
    { map: { name: 'marks', elem: [['02:00:00:00:00:01', 65_536]] } },
    { map: { name: 'published', elem: [[{ concat: ['tcp', 80] }, { goto: { target: 'publish_tcp_80' } }]] } },
    { map: { name: 'unserved', elem: [[{ concat: ['192.0.2.1', 'udp', 53] }, { drop: null }]] } },
    { chain: { name: 'forward', hook: 'forward' } },
    { rule: { chain: 'forward', comment: 'abc', expr: [] } },
    { rule: { chain: 'forward', expr: [] } },
  ],
});

test('a listing reads back as it was written', () => {
  const { sets, chains } = parseNftTable(listing);
  assert.deepEqual(Object.fromEntries([...sets].map(([name, elements]) => [name, [...elements]])), {
    subnets: [
      ['10.128.0.0/20', ''],
      ['10.9.9.9', ''],
    ],
    reach: [['"tutti0-abcdefgh" . 10.128.0.0/20', '']],
    refused: [['tcp . 81', '']],
    empty: [],
    marks: [['02:00:00:00:00:01', '0x00010000']],
    published: [['tcp . 80', 'goto publish_tcp_80']],
    unserved: [['192.0.2.1 . udp . 53', 'drop']],
  });
  assert.deepEqual([...chains], [['forward', ['abc', '']]]);
});

test('a listing in another form is a fault that says so', () => {
  assert.throws(() => parseNftTable('{"tables":[]}'), /unknown form/);
});
