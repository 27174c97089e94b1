import type { AssignedPeer, AssignedSelf } from '../../../model/assignment.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Clock, Timer } from '../../../platform/ports.ts';
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
import { createSealRules } from './rules.ts';
import { createSafety } from './safety.ts';
import { sends } from './seal.ts';
import type { Seal } from './seal.ts';
import { createSeals } from './seals.ts';
import type { SealPorts } from './seals.ts';
import { differences, isChanging, noTunnel } from './state.ts';
import type { FoundTunnel, WantedTunnel } from './state.ts';

export interface TunnelPorts extends SealPorts {
  readonly exec: Exec;
  readonly settings: KernelSettings;
  readonly clock: Pick<Clock, 'after' | 'now'>;
  readonly keys: KeyStore;
  readonly watch: WatchDevice;
  readonly findings: Findings;
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
interface Memory {
  found: FoundTunnel | undefined;
  /** What that was made from. */
  inputs: readonly unknown[] | undefined;
  /** The next pass compares with what was right before. */
  checks: boolean;
  /** The first look at the kernel has told what was there before. */
  started: boolean;
  watched: Disposable | undefined;
  /** When something last went a step, in milliseconds since the epoch. */
  changedAt: number;
  able: boolean;
}

export function createTunnel(ports: TunnelPorts, wanted: () => Assignments): Tunnel {
  const { clock, log, findings } = ports;
  const device = createDevice(ports.exec, ports.settings);
  const rules = createSealRules(ports.exec);
  const safety = createSafety();
  const memory: Memory = {
    found: undefined,
    inputs: undefined,
    checks: false,
    started: false,
    watched: undefined,
    changedAt: clock.now(),
    able: false,
  };
  const changed = (): void => void (memory.changedAt = clock.now());
  const seals = createSeals(ports, changed);
  const keys = createTunnelKeys(ports.keys, clock, (publicKey) => {
    changed();
    log.info('the key for the other nodes is replaced', { publicKey });
  });
  let timer: Timer | undefined;

  const look = async (
    self: AssignedSelf,
    peers: readonly AssignedPeer[],
    signal: AbortSignal,
  ): Promise<FoundTunnel> => {
    const name = tunnelDevice(self.id);
    const before = memory.found;
    if (before === undefined) {
      if (memory.started && !seals.concern(self, peers)) return noTunnel;
      const read = await device.read(name, signal);
      if (!memory.started) seals.resume(await rules.before(peers, clock.now(), signal));
      memory.started = true;
      return read;
    }
    if (before.link === undefined) return before;
    const now = await device.peers(name, signal);
    return now === undefined ? { ...noTunnel, rule: before.rule } : { ...before, peers: now };
  };

  const wantedTunnel = async (
    self: AssignedSelf,
    peers: readonly AssignedPeer[],
  ): Promise<WantedTunnel | undefined> => {
    const sealed = peers.filter(({ address }) => seals.of(address).kind !== 'open');
    if (sealed.length === 0) return undefined;
    return {
      link: tunnelLink(self.overlayMtu, self.overlayAddress, await keys.inUse(self.publicKey)),
      keys: new Map(
        sealed.flatMap(({ address, publicKey }) => (publicKey === undefined ? [] : [[address, publicKey]])),
      ),
      routes: new Set(sealed.flatMap(({ address }) => (sends(seals.of(address)) ? [address] : []))),
    };
  };

  const watch = (name: string): Disposable =>
    ports.watch(name, () => {
      findings.note('encryption', ['WireGuard has died'], true);
      memory.found = undefined;
      passes.request();
    });

  const bring = async (name: string, found: FoundTunnel, next: WantedTunnel | undefined, signal: AbortSignal) => {
    if (next === undefined) {
      memory.watched?.[Symbol.dispose]();
      memory.watched = undefined;
      if (found.link !== undefined || found.rule) await device.clear(signal);
      return noTunnel;
    }
    const wasThere = found.link !== undefined;
    const brought = await device.change(name, found, next, clock.now(), signal);
    if (!wasThere || memory.watched === undefined) {
      memory.watched?.[Symbol.dispose]();
      memory.watched = watch(name);
    }
    return brought;
  };

  /** Looks again, as long as something waits for the other nodes or for time. */
  const poll = (): void => {
    timer?.cancel();
    timer = undefined;
    const { found, changedAt } = memory;
    if (!seals.areMoving() && !keys.isChanging() && !(found !== undefined && isChanging(found.peers))) return;
    timer = clock.after(clock.now() - changedAt < slowAfterMs ? pollMs : slowPollMs, () => {
      memory.inputs = undefined;
      passes.request();
    });
  };

  const work = async (signal: AbortSignal): Promise<void> => {
    const safe = safety.look();
    const self = assignedSelf(wanted());
    if (self === undefined) return safe();
    const peers = assigned(wanted(), 'peer').filter(({ id }) => id !== self.id);
    const inputs = [self, ...peers];
    const isSame = isSameList(memory.inputs, inputs);
    if (memory.found !== undefined && isSame) return safe();
    const checks = memory.checks && isSame;
    memory.checks = false;
    const found = await look(self, peers, signal);
    memory.found = undefined;
    // By what was wanted before this pass: what a step of a seal or a key changes was not found different.
    if (checks && !keys.isChanging()) {
      const ruled = await rules.change(seals.all(), signal);
      const before = await wantedTunnel(self, peers);
      noteDifferences(findings, ruled, before === undefined ? [] : differences(found, before));
    }
    seals.step(self, peers, found);
    await rules.change(seals.all(), signal);
    safe();
    const next = await wantedTunnel(self, peers);
    memory.found = await bring(tunnelDevice(self.id), found, next, signal);
    memory.inputs = inputs;
    poll();
  };

  const passes = createPasses({
    clock,
    quietMs: 2,
    spacingMs: 20,
    work,
    onFault(fault, retryMs) {
      const { message, code } = TuttiError.from(fault);
      findings.note('encryption', [message], false);
      log.error('the encryption between nodes could not be brought up to date', { code, reason: message, retryMs });
    },
  });

  return {
    request() {
      safety.ask();
      passes.request();
    },
    check() {
      memory.checks = true;
      memory.found = undefined;
      rules.forget();
      passes.request();
    },
    settled: async () => await passes.settled(),
    safe: async () => await safety.safe(),
    async publicKey(signal) {
      memory.able ||= await device.able(signal);
      return memory.able ? await keys.announced() : undefined;
    },
    rotate: async () => void (await keys.rotate()),
    view: () => viewOf(seals.all(), memory.found),
    async clear(signal) {
      await device.clear(signal);
      await rules.clear(signal);
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      memory.watched?.[Symbol.dispose]();
      await passes[Symbol.asyncDispose]();
      safety[Symbol.dispose]();
    },
  };
}

const viewOf = (seals: ReadonlyMap<string, Seal>, found: FoundTunnel | undefined): readonly TunnelPeerView[] => {
  const peers = [...(found?.peers.values() ?? [])];
  return [...seals].map(([address, { kind }]) => {
    const handshake = Math.max(0, ...peers.flatMap((peer) => (peer.endpoint === address ? peer.handshake : [])));
    return { address, seal: kind, ...(handshake > 0 && { handshake }) };
  });
};

function noteDifferences(findings: Findings, ruled: readonly string[], tunnel: readonly string[]): void {
  if (ruled.length > 0) findings.note('rules', ruled, true);
  if (tunnel.length > 0) findings.note('encryption', tunnel, true);
}
