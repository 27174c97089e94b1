import type { AssignedPeer, AssignedSelf } from '../../../model/assignment.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Clock, Log, Timer } from '../../../platform/ports.ts';
import { assigned, assignedSelf } from '../endpoints.ts';
import type { Assignments } from '../endpoints.ts';
import type { Findings } from '../findings.ts';
import { tunnelDevice } from '../names.ts';
import { createPasses } from '../passes.ts';
import type { Exec, KernelSettings } from '../ports.ts';
import { isSameList } from '../same-list.ts';
import { createDevice, tunnelLink } from './device.ts';
import { createTunnelKeys } from './keys.ts';
import type { KeyStore, WatchDevice } from './ports.ts';
import { mustSeal, nextSeal, passes as isPassing, sends } from './seal.ts';
import type { Seal, SealTimes } from './seal.ts';
import { createSealRules } from './rules.ts';
import { differences, isChanging, noTunnel } from './state.ts';
import type { FoundTunnel, WantedTunnel } from './state.ts';

export interface TunnelPorts {
  readonly exec: Exec;
  readonly settings: KernelSettings;
  readonly clock: Pick<Clock, 'after' | 'now'>;
  readonly log: Log;
  readonly keys: KeyStore;
  readonly watch: WatchDevice;
  readonly findings: Findings;
  /** Default: `usualTimes`. */
  readonly sealTimes?: SealTimes;
}

/** One peer, as it is shown. */
export interface TunnelPeerView {
  readonly address: string;
  readonly seal: Seal['kind'];
  /** Milliseconds since the epoch; absent: never. */
  readonly handshake?: number;
}

/** What goes between nodes for tasks, encrypted where it has to be. */
export interface Tunnel extends AsyncDisposable {
  /** Something that is wanted may have changed. */
  request(): void;
  /** Something may have been wiped: everything is read again. */
  check(): void;
  settled(): Promise<void>;
  /** Resolves when what must not go in clear cannot, for what is wanted now; at once where it is so. */
  safe(): Promise<void>;
  /** Public half of the key that the other nodes are to know; undefined where this machine has no WireGuard. */
  publicKey(signal?: AbortSignal): Promise<string | undefined>;
  /** Makes another key; the node changes to it when the others know it. */
  rotate(): Promise<void>;
  view(): readonly TunnelPeerView[];
  /** Removes everything of ours; only after disposing. */
  clear(signal?: AbortSignal): Promise<void>;
}

const pollMs = 200;
const slowPollMs = 2_000;
const slowAfterMs = 15_000;
/** From hearing of the own next key to changing to it: the other nodes hear of it at the same time. */
const takeMs = 2_000;
/** A key is in use for this long. Sessions change theirs every two minutes anyway. */
const keyMs = 30 * 86_400_000;

interface Memory {
  found: FoundTunnel | undefined;
  /** What that was made from. */
  inputs: readonly unknown[] | undefined;
  seals: ReadonlyMap<string, Seal>;
  /** The next pass compares with what was right before. */
  checks: boolean;
  /** The first look at the kernel has told what was there before. */
  started: boolean;
  watched: Disposable | undefined;
  takeAt: number | undefined;
  changedAt: number;
  able: boolean;
}

export function createTunnel(ports: TunnelPorts, wanted: () => Assignments): Tunnel {
  const { clock, log, findings } = ports;
  const device = createDevice(ports.exec, ports.settings);
  const rules = createSealRules(ports.exec);
  const keys = createTunnelKeys(ports.keys, clock);
  const memory: Memory = {
    found: undefined,
    inputs: undefined,
    seals: new Map(),
    checks: false,
    started: false,
    watched: undefined,
    takeAt: undefined,
    changedAt: clock.now(),
    able: false,
  };
  let timer: Timer | undefined;
  /** Who waits for what is wanted to be safe; the last is for what no pass has looked at yet. */
  let waiting: PromiseWithResolvers<void>[] = [];
  let looked = true;

  const look = async (
    self: AssignedSelf,
    peers: readonly AssignedPeer[],
    signal: AbortSignal,
  ): Promise<FoundTunnel> => {
    const name = tunnelDevice(self.id);
    const before = memory.found;
    if (before === undefined) {
      if (memory.started && !isConcerned(self, peers)) return noTunnel;
      const read = await device.read(name, signal);
      if (!memory.started) memory.seals = await rules.before(peers, clock.now(), signal);
      memory.started = true;
      return read;
    }
    if (before.link === undefined) return before;
    const now = await device.peers(name, signal);
    return now === undefined ? { ...noTunnel, rule: before.rule } : { ...before, peers: now };
  };

  const isConcerned = (self: AssignedSelf, peers: readonly AssignedPeer[]): boolean =>
    [...memory.seals.values()].some(({ kind }) => kind !== 'open') || peers.some((peer) => mustSeal(self, peer));

  /** The key in use, after changing to the next one where it is time. */
  const privateKey = async (self: AssignedSelf): Promise<string> => {
    const { current, next } = await keys.get();
    if (next === undefined || self.publicKey !== next.publicKey) {
      memory.takeAt = undefined;
      return current.privateKey;
    }
    memory.takeAt ??= clock.now() + takeMs;
    if (clock.now() < memory.takeAt) return current.privateKey;
    memory.takeAt = undefined;
    memory.changedAt = clock.now();
    log.info('the key for the other nodes is replaced', { publicKey: next.publicKey });
    return (await keys.take()).current.privateKey;
  };

  const reseal = (self: AssignedSelf, peers: readonly AssignedPeer[], found: FoundTunnel): void => {
    const now = clock.now();
    const met = new Set(
      [...found.peers.values()].flatMap(({ endpoint, handshake }) => (handshake > 0 ? endpoint : [])),
    );
    const seals = new Map<string, Seal>();
    for (const peer of peers) {
      const before = memory.seals.get(peer.address);
      const peering = { wanted: mustSeal(self, peer), met: met.has(peer.address), now };
      const seal = nextSeal(before, peering, ports.sealTimes);
      if (before !== undefined && before.kind !== seal.kind) {
        memory.changedAt = now;
        log.info('encryption', { peer: peer.name, from: before.kind, to: seal.kind });
      }
      seals.set(peer.address, seal);
    }
    memory.seals = seals;
  };

  const wantedTunnel = async (
    self: AssignedSelf,
    peers: readonly AssignedPeer[],
  ): Promise<WantedTunnel | undefined> => {
    const sealed = peers.filter(({ address }) => (memory.seals.get(address)?.kind ?? 'open') !== 'open');
    if (sealed.length === 0) return undefined;
    return {
      link: tunnelLink(self.overlayMtu, self.overlayAddress, await privateKey(self)),
      keys: new Map(
        sealed.flatMap(({ address, publicKey }) => (publicKey === undefined ? [] : [[address, publicKey]])),
      ),
      routes: new Set(sealed.flatMap(({ address }) => (sends(seal(address)) ? [address] : []))),
    };
  };
  const seal = (address: string): Seal => memory.seals.get(address) ?? { kind: 'open' };

  const bring = async (name: string, found: FoundTunnel, next: WantedTunnel | undefined, signal: AbortSignal) => {
    if (next === undefined) {
      memory.watched?.[Symbol.dispose]();
      memory.watched = undefined;
      if (found.link !== undefined || found.rule) await device.clear(signal);
      return noTunnel;
    }
    const wasThere = found.link !== undefined;
    const changed = await device.change(name, found, next, clock.now(), signal);
    if (!wasThere || memory.watched === undefined) {
      memory.watched?.[Symbol.dispose]();
      memory.watched = ports.watch(name, () => {
        findings.note('encryption', ['WireGuard has died'], true);
        memory.found = undefined;
        passes.request();
      });
    }
    return changed;
  };

  const poll = (): void => {
    timer?.cancel();
    timer = undefined;
    const busy =
      [...memory.seals.values()].some(isPassing) ||
      (memory.found !== undefined && isChanging(memory.found.peers)) ||
      memory.takeAt !== undefined;
    if (!busy) return;
    const quick = clock.now() - memory.changedAt < slowAfterMs;
    timer = clock.after(quick ? pollMs : slowPollMs, () => {
      memory.inputs = undefined;
      passes.request();
    });
  };

  const passes = createPasses({
    clock,
    quietMs: 2,
    spacingMs: 20,
    async work(signal) {
      const served = waiting;
      looked = true;
      const safe = (): void => {
        for (const one of served) one.resolve();
        waiting = waiting.filter((one) => !served.includes(one));
      };
      const self = assignedSelf(wanted());
      if (self === undefined) return safe();
      const peers = assigned(wanted(), 'peer').filter(({ id }) => id !== self.id);
      const inputs = [self, ...peers];
      if (memory.found !== undefined && isSameList(memory.inputs, inputs)) return safe();
      const checks = memory.checks && isSameList(memory.inputs, inputs);
      const found = await look(self, peers, signal);
      memory.found = undefined;
      reseal(self, peers, found);
      const ruled = await rules.change(memory.seals, signal);
      safe();
      const next = await wantedTunnel(self, peers);
      memory.found = await bring(tunnelDevice(self.id), found, next, signal);
      memory.inputs = inputs;
      if (checks) noteDifferences(findings, ruled, next === undefined ? [] : differences(found, next));
      memory.checks = false;
      poll();
    },
    onFault(fault, retryMs) {
      const { message, code } = TuttiError.from(fault);
      findings.note('encryption', [message], false);
      log.error('the encryption between nodes could not be brought up to date', { code, reason: message, retryMs });
    },
  });

  return {
    request() {
      if (looked) waiting = [...waiting, Promise.withResolvers()];
      looked = false;
      passes.request();
    },
    check() {
      memory.checks = true;
      memory.found = undefined;
      rules.forget();
      passes.request();
    },
    settled: async () => await passes.settled(),
    safe: async () => await waiting.at(-1)?.promise,
    async publicKey(signal) {
      memory.able ||= await device.able(signal);
      if (!memory.able) return undefined;
      const { current, next } = await keys.get();
      if (next === undefined && clock.now() - current.madeAt > keyMs) return await keys.rotate();
      return (next ?? current).publicKey;
    },
    async rotate() {
      await keys.rotate();
    },
    view: () =>
      [...memory.seals].map(([address, { kind }]) => {
        const peers = [...(memory.found?.peers.values() ?? [])];
        const handshake = Math.max(0, ...peers.flatMap((peer) => (peer.endpoint === address ? peer.handshake : [])));
        return { address, seal: kind, ...(handshake > 0 && { handshake }) };
      }),
    async clear(signal) {
      await device.clear(signal);
      await rules.clear(signal);
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      memory.watched?.[Symbol.dispose]();
      await passes[Symbol.asyncDispose]();
      for (const one of waiting) one.resolve();
    },
  };
}

function noteDifferences(findings: Findings, ruled: readonly string[], tunnel: readonly string[]): void {
  if (ruled.length > 0) findings.note('rules', ruled, true);
  if (tunnel.length > 0) findings.note('encryption', tunnel, true);
}
