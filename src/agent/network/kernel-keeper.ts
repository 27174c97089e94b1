import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { noBalanceMemory, vipChain } from './balance.ts';
import { datagramsTo, forgetFlows, inSixth, staleFlows } from './conntrack.ts';
import type { Fronts } from './conntrack.ts';
import { desiredKernelState } from './desired.ts';
import type { KernelState } from './desired.ts';
import { assigned, assignedSelf, isDual } from './endpoints.ts';
import type { Assignments, Wanted } from './endpoints.ts';
import type { Findings } from './findings.ts';
import { createFirewalld } from './firewall/firewalld.ts';
import type { Firewalld } from './firewall/firewalld.ts';
import { createFirewall } from './firewall/firewall.ts';
import type { Firewall } from './firewall/firewall.ts';
import { createHairpins } from './bridges/hairpin.ts';
import { createKernel, differences } from './kernel.ts';
import type { FoundState, Kernel } from './kernel.ts';
import type { Routing } from './kernel-state.ts';
import { viewOf } from './nft/script.ts';
import { createProxies } from './sixth/proxies.ts';
import type { Proxies } from './sixth/proxies.ts';
import { look } from './look.ts';
import { createPasses } from './passes.ts';
import type { Flows } from './flows/flows.ts';
import type { Exec, KernelSettings } from './ports.ts';
import { publicationChain } from './publish.ts';

export interface KernelKeeperPorts {
  readonly exec: Exec;
  readonly settings: KernelSettings;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
  readonly log: Log;
  readonly findings: Findings;
  readonly flows: Pick<Flows, 'overlay' | 'forget'>;
  /** Resolves when nothing that has to be encrypted can go in clear. */
  readonly safe: () => Promise<void>;
}

/** Keeps the kernel's networking as it is wanted. */
export interface KernelKeeper extends AsyncDisposable {
  /** Something that is wanted may have changed; `patient`: others may come with it. */
  request(how?: 'patient'): void;
  /** Something may have been wiped: everything is read again. Changes go on meanwhile. */
  check(): void;
  /** Resolves when what was asked for until now is in force. */
  settled(): Promise<void>;
  /** The same, and every comparison asked for until now is done, too. */
  compared(): Promise<void>;
  /** Resolves when the rules for these networks are in force; at once where they are. */
  inForce(networkIds: readonly string[]): Promise<void>;
  /** Removes everything of ours; only after disposing. */
  clear(signal?: AbortSignal): Promise<void>;
}

/** What is known of the kernel between passes. */
interface Memory {
  /** What it has; undefined: it has to be read. */
  found: FoundState | undefined;
  /** It has to be read all the same. */
  mustRead: boolean;
  /** To be called when a change begins: what is being read beside it is not what there will be. */
  disturb: () => void;
  /** What it had after the last change, and the networks in that. */
  right: FoundState | undefined;
  networks: ReadonlySet<string>;
  /** Those of them that have IPv6. */
  dual: ReadonlySet<string>;
  proxies: ReadonlyMap<string, ReadonlySet<string>>;
  /** Undefined before the first pass. */
  fronts: Fronts | undefined;
  fronts6: Fronts | undefined;
  firewall: 'unknown' | 'absent' | 'kept';
  firewall6: 'unknown' | 'kept';
  /** The next pass compares with what was right before. */
  checks: boolean;
  hadFirewall: boolean;
}

const quietMs = 4;
const patientMs = 600;
const spacingMs = 50;

export function createKernelKeeper(ports: KernelKeeperPorts, wanted: () => Wanted): KernelKeeper {
  const { exec, settings, clock, log, findings } = ports;
  const firewall = createFirewall(exec);
  const firewall6 = createFirewall(exec, 'ip6');
  const firewalld = createFirewalld(exec);
  const hairpins = createHairpins(settings);
  const [balance, balance6] = [noBalanceMemory(), noBalanceMemory()];
  const proxies = createProxies(exec, settings);
  const memory: Memory = {
    found: undefined,
    mustRead: false,
    disturb: () => undefined,
    right: undefined,
    networks: new Set(),
    dual: new Set(),
    proxies: new Map(),
    fronts: undefined,
    fronts6: undefined,
    firewall: 'unknown',
    firewall6: 'unknown',
    checks: false,
    hadFirewall: false,
  };
  const kernel = createKernel(exec, settings, () => memory.disturb());
  const passes = createPasses({
    clock,
    quietMs,
    patientMs,
    spacingMs,
    async work(signal) {
      await ports.safe();
      signal.throwIfAborted();
      const { assignments, observations } = wanted();
      const desired = desiredKernelState(assignments, observations, balance, balance6);
      if (desired !== undefined) await bringUpToDate({ kernel, ports, memory }, desired, assignments, signal);
      await keepProxies(proxies, memory, signal);
      if (memory.firewall === 'unknown') await keepFirewall(firewall, firewalld, memory, ports, signal);
      if (memory.firewall6 === 'unknown' && memory.dual.size > 0) {
        await firewall6.ensure(signal);
        memory.firewall6 = 'kept';
      }
      const balanced = [...assigned(assignments, 'publish'), ...assigned(assignments, 'vip')];
      hairpins(new Set(balanced.map(({ networkId }) => networkId)));
    },
    onFault(fault, retryMs) {
      const { message, code } = TuttiError.from(fault);
      findings.note('network', [message], false);
      log.error('the network could not be brought up to date', { code, reason: message, retryMs });
    },
  });
  /** Reading takes a hundred times as long as most changes, which must not wait for it. */
  const looks = createPasses({
    clock,
    quietMs: 0,
    spacingMs: 0,
    async work(signal) {
      const still = async (): Promise<void> => await passes.settled().catch(() => undefined);
      const accept = (found: FoundState | undefined): void => {
        if (found === undefined) memory.mustRead = true;
        else memory.found = found;
        memory.checks = true;
        passes.request();
      };
      const disturbs = (stop: () => void): void => void (memory.disturb = stop);
      await look({ read: kernel.read, still, disturbs, accept }, clock, signal);
    },
    onFault: () => undefined,
  });
  return {
    request: (how) => passes.request(how),
    check() {
      memory.firewall = 'unknown';
      memory.firewall6 = 'unknown';
      proxies.forget();
      passes.request();
      looks.request();
    },
    settled: async () => await passes.settled(),
    async compared() {
      await looks.settled();
      await passes.settled();
    },
    async inForce(networkIds) {
      if (networkIds.length === 0) return;
      const isReady = (id: string): boolean => memory.networks.has(id) && (!memory.dual.has(id) || proxies.holds(id));
      if (memory.firewall === 'kept' && networkIds.every(isReady)) return;
      // The engine may have been started after the agent, and its chains with it.
      if (memory.firewall === 'absent') memory.firewall = 'unknown';
      passes.request();
      await passes.settled();
    },
    async clear(signal) {
      await firewall.clear(signal);
      await firewall6.clear(signal);
      await firewalld.clear(signal);
      await kernel.clear(signal);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([passes[Symbol.asyncDispose](), looks[Symbol.asyncDispose]()]);
    },
  };
}

interface Parts {
  readonly kernel: Kernel;
  readonly ports: KernelKeeperPorts;
  readonly memory: Memory;
}

async function bringUpToDate(
  parts: Parts,
  desired: KernelState,
  assignments: Assignments,
  signal: AbortSignal,
): Promise<void> {
  const {
    kernel,
    ports: { exec, log, findings, flows: shortWay },
    memory,
  } = parts;
  const known = memory.mustRead ? undefined : memory.found;
  const before = known ?? (await kernel.read(signal));
  memory.mustRead = false;
  // Unknown until it is known to have worked.
  memory.found = undefined;
  const isWantedAsBefore =
    memory.checks && memory.right !== undefined && differences(memory.right, desired).length === 0;
  const checked = isWantedAsBefore ? differences(before, desired) : [];
  memory.found = await kernel.change(before, desired, signal);
  memory.right = memory.found;
  for (const { what, details } of checked) findings.note(what, details, true);
  memory.checks = false;
  const networks = assigned(assignments, 'network');
  const self = assignedSelf(assignments);
  memory.networks = new Set(networks.map(({ id }) => id));
  memory.dual = new Set(networks.filter((one) => self !== undefined && isDual(one, self)).map(({ id }) => id));
  memory.proxies = desired.sixth?.proxies ?? new Map();
  const { publications, services, sixth = { publications: [], services: [] } } = desired;
  const fronts: Fronts = { publications, services };
  const flowsSince = (family: 'ip' | 'ip6', old: Fronts | undefined, now: Fronts): (readonly string[])[] =>
    old === undefined ? flowsOfBefore(family, now, { desired, before }) : staleFlows(old, now);
  const flows = flowsSince('ip', memory.fronts, fronts);
  const flows6 = flowsSince('ip6', memory.fronts6, sixth).map(inSixth);
  memory.fronts = fronts;
  memory.fronts6 = sixth;
  if (!(await forgetFlows(exec, [...flows, ...flows6], signal))) {
    log.warn('conntrack does not run: UDP clients of a removed task are not moved; install the package conntrack');
  }
  const { link } = desired.routing;
  const isOther = link !== undefined && shortWay.overlay({ ...link, virtual: services.map(({ address }) => address) });
  const areOnlyDatagrams = flows.every((flow) => flow.includes('udp'));
  if (isOther || !areOnlyDatagrams || isAnyoneGone(before.routing, desired.routing)) shortWay.forget();
}

/** Whether an address is not where it was. */
const isAnyoneGone = ({ routes }: Routing, { routes: now }: Routing): boolean =>
  routes !== now && [...routes].some(([address, via]) => now.get(address) !== via);

/** A bridge that was made anew, and in a comparison all, are told everything again: that is no finding. */
async function keepProxies(proxies: Proxies, memory: Memory, signal: AbortSignal): Promise<void> {
  if (memory.proxies.size > 0) await proxies.apply(memory.proxies, signal);
}

async function keepFirewall(
  firewall: Firewall,
  firewalld: Firewalld,
  memory: Memory,
  { log, findings }: KernelKeeperPorts,
  signal: AbortSignal,
): Promise<void> {
  const [outcome, other] = [await firewall.ensure(signal), await firewalld.ensure(signal)];
  memory.firewall = outcome === 'absent' ? 'absent' : 'kept';
  const mended = [
    ...(outcome === 'mended' ? ['DOCKER-USER and INPUT'] : []),
    ...(other === 'mended' ? ["firewalld's table"] : []),
  ].join(', ');
  if (mended === '') return;
  if (memory.hadFirewall) findings.note('firewall', [`rules were missing in ${mended}`], true);
  memory.hadFirewall = true;
  log.info('firewall rules put in place', { where: mended });
}

/** What to forget after another agent's time: flows of what the kernel's rules were right for are not touched. */
function flowsOfBefore(
  family: 'ip' | 'ip6',
  now: Fronts,
  { desired, before }: { readonly desired: KernelState; readonly before: FoundState },
): (readonly string[])[] {
  const table = desired.tables.find((one) => one.family === family);
  const wanted = table === undefined ? undefined : viewOf(table);
  const actual = before.tables.get(family);
  const isSame = (chain: string): boolean => actual?.chains.get(chain)?.join() === wanted?.chains.get(chain)?.join();
  const isOther = (chain: string): boolean => actual?.chains.has(chain) === true && !isSame(chain);
  const publications = now.publications.filter((one) => isSame(publicationChain(one)));
  return [
    ...staleFlows({ publications, services: [] }, now),
    ...now.services.filter((one) => isOther(vipChain(one))).map(({ address }) => datagramsTo(address)),
  ];
}
