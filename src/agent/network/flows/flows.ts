import { TuttiError } from '../../../model/errors.ts';
import type { Clock, Log } from '../../../platform/ports.ts';
import type { Findings } from '../findings.ts';
import type { Occupant } from '../guard/ports-of.ts';
import type { NftTable, NftView } from '../kernel-state.ts';
import { flowsTableName, overlayDevice } from '../names.ts';
import { carryOut } from '../nft/carry-out.ts';
import { parseNftTable } from '../nft/read.ts';
import { nftScript, removalScript, viewOf } from '../nft/script.ts';
import { createPasses } from '../passes.ts';
import type { Exec, KernelSettings } from '../ports.ts';
import * as conntrack from './conntrack.ts';
import type { Setting } from './conntrack.ts';
import { numbered } from './numbers.ts';
import { departurePrefix, flowsTable, learnt } from './table.ts';
import type { FlowPort } from './table.ts';

export interface FlowsPorts {
  readonly exec: Exec;
  readonly settings: Pick<KernelSettings, 'read' | 'write'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
  readonly findings: Findings;
}

/** What of the node's overlay matters here. */
export interface FlowsOverlay {
  readonly mac: string;
  readonly mtu: number;
  /** Virtual addresses of services. */
  readonly virtual: readonly string[];
}

/** Has packets of connections that are known take a short way. What it made stays when it is disposed of. */
export interface Flows extends AsyncDisposable {
  /** Who is behind which port of a bridge. */
  ports(ports: ReadonlyMap<string, Occupant>): void;
  /** True: the overlay's device is another one than the rules lead to, and what is known should be forgotten. */
  overlay(overlay: FlowsOverlay): boolean;
  /** Somebody is gone: all connections take the long way once, where it is known what becomes of theirs. */
  forget(): void;
  /** Something may have been wiped: the rules are read again. */
  check(): void;
  /** Resolves when all that was told until now is in force, or cannot be on this machine. */
  settled(): Promise<void>;
  /** Removes its rules; only after disposing. @throws TuttiError `unavailable` */
  clear(signal?: AbortSignal): Promise<void>;
}

/** It is only faster: what starts many containers comes first. */
const quietMs = 200;
const spacingMs = 1_000;
const timeoutMs = 20_000;
const failure = 'nft could not change which packets take the short way';
/** A device may end while it is put into a rule; a kernel that cannot do this never can. */
const patience = 3;

/** What the kernel has. */
interface InForce {
  readonly table: NftTable;
  /** Number of the overlay's device: rules know devices by number. */
  readonly device: string;
}

export function createFlows({ exec, settings, clock, log, findings }: FlowsPorts): Flows {
  let ports: ReadonlyMap<string, Occupant> = new Map();
  let overlay: FlowsOverlay | undefined;
  let numbers: ReadonlyMap<string, number> = new Map();
  /** Undefined: not known, the table is written anew, which knows no connection. */
  let inForce: InForce | undefined;
  let mustForget = false;
  /** What conntrack is told is in force. */
  let isPatient = false;
  /** Settings of the machine that were off before; undefined: not known. */
  let off: ReadonlySet<Setting> | undefined;
  let isCheck = false;
  let failures = 0;
  let forgetting = Promise.resolve();
  /** It is waited for its turn. */
  let willForget = false;

  const listed = async (args: readonly string[], signal?: AbortSignal): Promise<NftView | 'none'> => {
    const { code, stdout, stderr } = await exec('nft', ['-j', ...args], { timeoutMs, ...(signal && { signal }) });
    signal?.throwIfAborted();
    // A kernel without this family, or table, has nothing to list.
    if (code !== 0 && !/no such file|not supported/i.test(stderr)) {
      throw new TuttiError(
        'unavailable',
        `nft could not read which packets take the short way: ${stderr.trim().slice(0, 500)}`,
      );
    }
    const view = code === 0 ? parseNftTable(stdout, flowsTableName) : undefined;
    return view === undefined || view.chains.size === 0 ? 'none' : view;
  };
  const read = {
    // Without elements, as those that the kernel fills in may be many: nft 1.0.6 reads them all the same, 60,000 for seconds,
    // where it lists a table, and does not where it lists a family.
    table: async (signal?: AbortSignal) => await listed(['-t', 'list', 'ruleset', 'netdev'], signal),
    patience: async (signal?: AbortSignal) => await listed(['list', 'table', 'ip', flowsTableName], signal),
  };
  const look = async (signal: AbortSignal): Promise<void> => {
    const patient = await read.patience(signal);
    off ??= new Set(remarkedIn(patient));
    isPatient &&=
      patient !== 'none' && patient.chains.get(conntrack.patienceChain)?.length === conntrack.patienceRules.length;
    if (inForce === undefined || hasRulesOf(inForce.table, await read.table(signal))) return;
    findings.note('flows', ['rules of the short way were not as they should be'], true);
    inForce = undefined;
  };
  const numberOfDevice = (): string | undefined => settings.read(`/sys/class/net/${overlayDevice}/ifindex`);
  const wanted = ({ mac, mtu }: FlowsOverlay): NftTable => {
    // Who may send what is too large for the overlay is told so by the long way alone.
    const fitting = [...ports].filter(([device]) => Number(settings.read(`/sys/class/net/${device}/mtu`)) <= mtu);
    return flowsTable({
      ports: fitting.map(([device, occupant]): FlowPort => ({ ...occupant, device })),
      numbers,
      mac,
    });
  };
  /** Of the table: the difference, or all of it where somebody has left, and is to be forgotten. */
  const scriptTo = (next: InForce): readonly string[] => {
    const kept = inForce?.device === next.device && !mustForget ? inForce.table : undefined;
    const isNobodyGone = kept !== undefined && [...kept.chains.keys()].every((name) => next.table.chains.has(name));
    return nftScript(isNobodyGone ? viewOf(kept) : undefined, next.table);
  };
  const work = async (of: FlowsOverlay, device: string, signal: AbortSignal): Promise<void> => {
    if (isCheck || off === undefined) await look(signal);
    isCheck = false;
    const values = conntrack.settings.map((setting) => [setting, settings.read(conntrack.pathOf(setting))] as const);
    // No conntrack, or none yet, or one that does not let itself be told.
    if (values.some(([, value]) => value === undefined)) return;
    const isOff = values.filter(([, value]) => value === '0').map(([setting]) => setting);
    off = new Set([...(off ?? []), ...isOff]);
    const next = { device, table: wanted(of) };
    const told = isPatient
      ? []
      : conntrack.patienceScript(Number(settings.read(conntrack.establishedPath) ?? 432_000), [...off]);
    const script = [...told, ...scriptTo(next)];
    inForce = undefined;
    mustForget = false;
    await carryOut(exec, script, failure, { timeoutMs, signal });
    isPatient = true;
    for (const setting of isOff) {
      if (!settings.write(conntrack.pathOf(setting), '1'))
        throw new TuttiError('unavailable', `${conntrack.pathOf(setting)} is not to be set`);
    }
    inForce = next;
  };
  /** Tried again when something changes, and with every comparison. */
  const giveUp = async (fault: unknown, signal: AbortSignal): Promise<void> => {
    // Where it cannot be, it cannot be removed either.
    await carryOut(exec, removalScript('netdev', flowsTableName), failure, { timeoutMs, signal }).catch(
      () => undefined,
    );
    if (failures === patience) {
      log.warn('packets between nodes take the long way', { reason: TuttiError.from(fault).message });
    }
  };
  const emptied = async (): Promise<void> => {
    willForget = false;
    const lines = learnt.map((name) => `flush map netdev ${flowsTableName} ${name}`);
    try {
      await carryOut(exec, lines, failure, { timeoutMs });
    } catch {
      inForce = undefined;
      passes.request();
    }
  };
  const passes = createPasses({
    clock,
    quietMs,
    spacingMs,
    isAlwaysSpaced: true,
    async work(signal) {
      const device = numberOfDevice();
      if (overlay === undefined || device === undefined) return;
      try {
        await work(overlay, device, signal);
        failures = 0;
      } catch (fault) {
        failures += 1;
        if (failures < patience || signal.aborted) throw fault;
        await giveUp(fault, signal);
      }
    },
    onFault: () => undefined,
  });

  return {
    ports(now) {
      ports = now;
      passes.request();
    },
    overlay(now) {
      const isSame =
        overlay !== undefined &&
        overlay.mac === now.mac &&
        overlay.mtu === now.mtu &&
        overlay.virtual.length === now.virtual.length &&
        now.virtual.every((address) => numbers.has(address));
      const isOther = inForce !== undefined && inForce.device !== numberOfDevice();
      overlay = now;
      if (!isSame) numbers = numbered(numbers, now.virtual);
      if (!isSame || isOther) passes.request();
      return isOther;
    },
    forget() {
      if (inForce === undefined) {
        mustForget = true;
        passes.request();
        return;
      }
      if (willForget) return;
      willForget = true;
      forgetting = forgetting.then(emptied);
    },
    check() {
      isCheck = true;
      passes.request();
    },
    async settled() {
      await forgetting;
      await passes.settled();
    },
    async clear(signal) {
      const options = { timeoutMs, ...(signal && { signal }) };
      const patient = await read.patience(signal);
      const remove = [
        ...((await read.table(signal)) === 'none' ? [] : removalScript('netdev', flowsTableName)),
        ...(patient === 'none' ? [] : removalScript('ip', flowsTableName)),
      ];
      await carryOut(exec, remove, failure, options);
      for (const setting of new Set([...(off ?? []), ...remarkedIn(patient)]))
        settings.write(conntrack.pathOf(setting), '0');
    },
    async [Symbol.asyncDispose]() {
      await passes[Symbol.asyncDispose]();
      await forgetting;
    },
  };
}

const remarkedIn = (patient: NftView | 'none'): readonly Setting[] =>
  conntrack.settings.filter((setting) => patient !== 'none' && patient.chains.has(conntrack.wasOff(setting)));

/**
 * Elements are not compared: without one a packet takes the long way. Nor are chains of ports that are not there: kernels
 * before 6.16 remove them with the port's device.
 */
function hasRulesOf(table: NftTable, actual: NftView | 'none'): boolean {
  if (actual === 'none') return false;
  const { chains, sets } = viewOf(table);
  const isAsItWas = ([name, rules]: [string, readonly string[]]): boolean => {
    const found = actual.chains.get(name);
    return found === undefined ? name.startsWith(departurePrefix) : found.join() === rules.join();
  };
  return [...chains].every(isAsItWas) && [...sets.keys()].every((name) => actual.sets.has(name));
}
