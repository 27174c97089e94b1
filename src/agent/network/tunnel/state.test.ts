import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isChanging, wantedPeers } from './state.ts';
import type { FoundPeer } from './state.ts';
import { nudgeArguments, parseDump, peerArguments } from './wg-text.ts';

const found = (peers: Readonly<Record<string, FoundPeer>>): ReadonlyMap<string, FoundPeer> =>
  new Map(Object.entries(peers));
const now = 1_000_000_000;
const a = '10.0.0.2';

suite('the peers of WireGuard', () => {
  test('a new peer carries its address at once', () => {
    const wanted = wantedPeers(new Map([[a, 'new']]), new Map(), now);
    assert.deepEqual([...wanted], [['new', { endpoint: a, carries: true }]]);
    assert.equal(isChanging(wanted), false);
  });
  test('a peer that changes its key: the old one carries until the new one has shaken hands', () => {
    const old = { endpoint: a, carries: true, handshake: now - 1_000 };
    const changing = wantedPeers(new Map([[a, 'new']]), found({ old }), now);
    assert.deepEqual(Object.fromEntries(changing), {
      old: { endpoint: a, carries: true },
      new: { endpoint: a, carries: false },
    });
    assert.equal(isChanging(changing), true);
    const met = found({ old, new: { endpoint: a, carries: false, handshake: now } });
    assert.deepEqual([...wantedPeers(new Map([[a, 'new']]), met, now)], [['new', { endpoint: a, carries: true }]]);
  });
  test('a session that is over is not waited for', () => {
    const old = { endpoint: a, carries: true, handshake: now - 200_000 };
    assert.deepEqual([...wantedPeers(new Map([[a, 'new']]), found({ old }), now).keys()], ['new']);
  });
  test('only what differs is set, and who is gone is removed', () => {
    const before = found({
      same: { endpoint: a, carries: true, handshake: 0 },
      gone: { endpoint: '10.0.0.9', carries: true, handshake: 0 },
    });
    const wanted = new Map([
      ['same', { endpoint: a, carries: true }],
      ['new', { endpoint: '10.0.0.3', carries: true }],
    ]);
    const put = 'peer new endpoint 10.0.0.3:4798 persistent-keepalive 25 allowed-ips 10.0.0.3/32';
    assert.deepEqual(peerArguments(before, wanted), [`${put} peer gone remove`.split(' ')]);
    assert.deepEqual(peerArguments(wanted, wanted), []);
    assert.deepEqual(nudgeArguments(new Map()), []);
  });
  test('reads what wg prints', () => {
    const { link, peers } = parseDump(
      [
        'priv\tpub\t4798\toff',
        'key1\t(none)\t10.0.0.2:4798\t10.0.0.2/32\t1795335467\t1\t2\t25',
        'key2\t(none)\t10.0.0.3:4798\t(none)\t0\t0\t0\toff',
        'moved\t(none)\t10.0.0.8:4798\t10.0.0.4/32\t0\t0\t0\toff',
      ].join('\n'),
    );
    assert.deepEqual(link, { privateKey: 'priv', port: 4798 });
    assert.deepEqual(peers.get('key1'), { endpoint: '10.0.0.2', carries: true, handshake: 1_795_335_467_000 });
    assert.deepEqual(peers.get('key2'), { endpoint: '10.0.0.3', carries: false, handshake: 0 });
    assert.equal(peers.get('moved')?.carries, false, 'followed by WireGuard to an address that it does not lead to');
    assert.throws(() => parseDump('nonsense'), /unknown form/);
  });
});
