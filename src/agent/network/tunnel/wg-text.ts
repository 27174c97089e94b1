import { TuttiError } from '../../../model/errors.ts';
import type { FoundPeer, TunnelLink, TunnelPeer } from './state.ts';
import { wireguardPort } from '../names.ts';

const keepaliveSeconds = 25;

/** Arguments of `wg set DEVICE`, in as many calls as it takes: what turns the peers found into those that are wanted. */
export function peerArguments(
  found: ReadonlyMap<string, TunnelPeer>,
  wanted: ReadonlyMap<string, TunnelPeer>,
): readonly (readonly string[])[] {
  const gone = [...found.keys()].filter((key) => !wanted.has(key)).map((key) => ['peer', key, 'remove']);
  const put = [...wanted]
    .filter(([key, { endpoint, carries }]) => {
      const before = found.get(key);
      return before?.endpoint !== endpoint || before.carries !== carries;
    })
    // The address goes over from the key that has it now.
    .map(([key, { endpoint, carries }]) =>
      [
        ['peer', key, 'endpoint', `${endpoint}:${wireguardPort}`],
        ['persistent-keepalive', String(keepaliveSeconds)],
        ['allowed-ips', carries ? `${endpoint}/32` : ''],
      ].flat(),
    );
  // Those that are new first: an address is never without a key.
  const all = [...put, ...gone];
  const batches: string[][] = [];
  for (let first = 0; first < all.length; first += 200) batches.push(all.slice(first, first + 200).flat());
  return batches;
}

/** Two calls after which every peer is sent something at once, and so shakes hands with a new key. */
export function nudgeArguments(peers: ReadonlyMap<string, TunnelPeer>): readonly (readonly string[])[] {
  const with_ = (seconds: number): string[] =>
    [...peers.keys()].slice(0, 500).flatMap((key) => ['peer', key, 'persistent-keepalive', String(seconds)]);
  return peers.size === 0 ? [] : [with_(0), with_(keepaliveSeconds)];
}

export interface WireguardDump {
  readonly link: Pick<TunnelLink, 'privateKey' | 'port'>;
  readonly peers: ReadonlyMap<string, FoundPeer>;
}

/**
 * Reads `wg show DEVICE dump`: a line of the device's private key, public key, port and mark, then one per peer of public key,
 * preshared key, endpoint, allowed addresses, latest handshake (seconds), bytes received, bytes sent and keepalive.
 *
 * @throws TuttiError `internal` when it is something else.
 */
export function parseDump(text: string): WireguardDump {
  const [first = '', ...rows] = text.trimEnd().split('\n');
  const [privateKey = '', , port = ''] = first.split('\t');
  if (!/^\d+$/.test(port)) throw new TuttiError('internal', 'wg listed a device in an unknown form');
  const peers = new Map<string, FoundPeer>();
  for (const row of rows) {
    const [key = '', , from = '', allowed = '', handshake = '0'] = row.split('\t');
    const endpoint = from.replace(/:\d+$/, '');
    peers.set(key, {
      endpoint,
      // WireGuard itself follows a peer to another address, but leads to it by the one of before.
      carries: allowed.split(',').includes(`${endpoint}/32`),
      handshake: Number(handshake) * 1000,
    });
  }
  return { link: { privateKey: privateKey === '(none)' ? '' : privateKey, port: Number(port) }, peers };
}
