import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manager } from '../../../manager/manager.ts';
import { engineNetworksOf, withBuiltInIds } from './networks.ts';

const networks = [
  { id: 'r9gt7k1kitqrrf5x0vh17s3qg', spec: { name: 'bridge' } },
  { id: 'hour2aqkx2vo7ok3102x1me74', spec: { name: 'none' } },
];
const manager = { queries: { networks: () => networks } } as unknown as Manager;

test("every engine's bridge is the cluster's, by its id too", () => {
  const engines = 'e'.repeat(64);
  const options = { IPAMConfig: {}, DriverOpts: { a: 'b' } };
  const container = (id: string) =>
    JSON.stringify({
      Labels: { text: `"bridge":{"NetworkID":"${engines}"` },
      NetworkSettings: {
        Networks: { bridge: { ...options, NetworkID: id, Gateway: '' }, own: { NetworkID: engines } },
      },
    });
  assert.equal(withBuiltInIds(manager, container(engines)), container('r9gt7k1kitqrrf5x0vh17s3qg'));
  const host = JSON.stringify({ host: { NetworkID: engines } });
  assert.equal(withBuiltInIds(manager, host), host);
  assert.ok(engineNetworksOf(manager, 'r9gt').includes('bridge'));
});
