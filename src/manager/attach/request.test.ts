import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedNetworks, placeOn, rewritten } from './request.ts';

const referencesOf = (request: Readonly<Record<string, unknown>>) =>
  askedNetworks(request)?.networks.map(({ reference }) => reference);

test('the network of the mode comes first, the others as they are named', () => {
  const EndpointsConfig = { back: {}, front: { Aliases: ['www'] } };
  const asked = askedNetworks({ HostConfig: { NetworkMode: 'front' }, NetworkingConfig: { EndpointsConfig } });
  assert.deepEqual(asked, {
    fixedMode: false,
    networks: [
      { reference: 'front', settings: { Aliases: ['www'] } },
      { reference: 'back', settings: {} },
    ],
  });
});

test('a mode that was not given leaves the networks that were named, or the default of the engine', () => {
  assert.deepEqual(referencesOf({}), []);
  assert.deepEqual(referencesOf({ HostConfig: { NetworkMode: 'default' } }), []);
  assert.deepEqual(referencesOf({ NetworkingConfig: { EndpointsConfig: { app: null } } }), ['app']);
  assert.deepEqual(referencesOf({ HostConfig: { NetworkMode: 'bridge' } }), ['bridge']);
  assert.deepEqual(referencesOf({ NetworkingConfig: { EndpointsConfig: { default: {} } } }), ['bridge']);
});

test('with the network of the host or of another container there is nothing to choose', () => {
  for (const NetworkMode of ['host', 'none', 'container:web']) {
    assert.equal(askedNetworks({ HostConfig: { NetworkMode } })?.fixedMode, true);
  }
});

test('what cannot be read is left to the engine to refuse', () => {
  assert.equal(askedNetworks({ HostConfig: 'x' }), undefined);
  assert.equal(askedNetworks({ NetworkingConfig: { EndpointsConfig: { app: { Aliases: 1 } } } }), undefined);
});

test('the engine is told its own name of the network, the address, and who answers names; nothing else changes', () => {
  const request = {
    Image: 'app',
    HostConfig: { NetworkMode: 'front', Dns: ['9.9.9.9'], Memory: 5 },
    NetworkingConfig: { EndpointsConfig: { front: {}, back: {} } },
  };
  const settings = {
    Aliases: ['www'],
    NetworkID: 'x',
    MacAddress: '02:00:00:00:00:01',
    IPAMConfig: { IPv4Address: '', IPv6Address: 'fd00::1', LinkLocalIPs: ['169.254.8.8'] },
  };
  const place = placeOn(settings, { address: '10.1.0.5' }, { dockerNetwork: 'tutti-1-front', dns: ['10.1.0.1'] });
  assert.deepEqual(rewritten(request, [place], ['10.1.0.1']), {
    Image: 'app',
    HostConfig: { NetworkMode: 'tutti-1-front', Dns: ['10.1.0.1'], Memory: 5 },
    NetworkingConfig: {
      EndpointsConfig: {
        'tutti-1-front': {
          MacAddress: '02:00:00:00:00:01',
          IPAMConfig: { LinkLocalIPs: ['169.254.8.8'], IPv4Address: '10.1.0.5' },
        },
      },
    },
  });
});
