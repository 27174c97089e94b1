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
import { numbered } from './numbers.ts';
import { flowsTable, learnt, strictBefore } from './table.ts';
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
  forget(signal?: AbortSignal): Promise<void>;
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
const commandMs = 20_000;
const failure = 'nft could not change which packets take the short way';
/** A device may end while it is put into a rule; a kernel that cannot do this never can. */
const patience = 3;

/**
 * Conntrack does not see most packets of a connection that is known. Where it is strict about windows, it takes those
 * that it does see for none of that connection, and does not translate them.
 */
const liberal = '/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal';

export function createFlows({ exec, settings, clock, log, findings }: FlowsPorts): Flows {
  let ports: ReadonlyMap<string, Occupant> = new Map();
  let overlay: FlowsOverlay | undefined;
  let numbers: ReadonlyMap<string, number> = new Map();
  /** What the kernel has; undefined: not known, it is written anew. */
  let found: NftTable | undefined;
  /** Number of the overlay's device that this leads to: rules know devices by number. */
  let device: string | undefined;
  let isCheck = false;
  /** The machine's setting was strict before; undefined: not known. */
  let wasStrict: boolean | undefined;
  let failures = 0;

  const read = async (signal?: AbortSignal): Promise<NftView | 'none'> => {
    // Without elements, as those that the kernel fills in may be many: nft 1.0.6 reads them all the same, 60,000 for seconds,
    // where it lists a table, and does not where it lists a family.
    const args = ['-j', '-t', 'list', 'ruleset', 'netdev'];
    const { code, stdout } = await exec('nft', args, { timeoutMs: commandMs, ...(signal && { signal }) });
    signal?.throwIfAborted();
    if (code < 0) throw new TuttiError('unavailable', 'nft could not read which packets take the short way');
    // A kernel without this family lists nothing.
    const view = code === 0 ? parseNftTable(stdout, flowsTableName) : undefined;
    return view === undefined || view.chains.size === 0 ? 'none' : view;
  };
  const wanted = ({ mac, mtu }: FlowsOverlay): NftTable => {
    // Who may send what is too large for the overlay is told so by the long way alone.
    const fitting = [...ports].filter(([device]) => Number(settings.read(`/sys/class/net/${device}/mtu`)) <= mtu);
    const behind = fitting.map(([device, occupant]): FlowPort => ({ ...occupant, device }));
    return flowsTable({ ports: behind, numbers, mac, wasStrict: wasStrict === true });
  };
  /** False: this machine has no such setting, or none yet. */
  const beLiberal = (): boolean => {
    const value = settings.read(liberal);
    if (value !== '0') return value !== undefined;
    wasStrict = true;
    return settings.write(liberal, '1');
  };
  const numberOfDevice = (): string | undefined => settings.read(`/sys/class/net/${overlayDevice}/ifindex`);
  const work = async (of: FlowsOverlay, signal: AbortSignal): Promise<void> => {
    const isLook = isCheck || wasStrict === undefined;
    isCheck = false;
    if (isLook) {
      const actual = await read(signal);
      wasStrict ??= actual !== 'none' && actual.chains.has(strictBefore);
      if (found !== undefined && !hasRulesOf(found, actual)) {
        findings.note('flows', ['rules of the short way were not as they should be'], true);
        found = undefined;
      }
    }
    if (!beLiberal()) return;
    const table = wanted(of);
    const number = numberOfDevice();
    const script = nftScript(found && device === number ? viewOf(found) : undefined, table);
    found = undefined;
    await carryOut(exec, script, failure, { timeoutMs: commandMs, signal });
    found = table;
    device = number;
  };
  const passes = createPasses({
    clock,
    quietMs,
    spacingMs,
    isAlwaysSpaced: true,
    async work(signal) {
      if (overlay === undefined || numberOfDevice() === undefined) return;
      try {
        await work(overlay, signal);
        failures = 0;
      } catch (fault) {
        failures += 1;
        if (failures < patience || signal.aborted) throw fault;
        // Tried again when something changes, and with every comparison.
        if (failures === patience)
          log.warn('packets between nodes take the long way', { reason: TuttiError.from(fault).message });
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
      const isOther = found !== undefined && device !== numberOfDevice();
      overlay = now;
      if (!isSame) numbers = numbered(numbers, now.virtual);
      if (!isSame || isOther) passes.request();
      return isOther;
    },
    async forget(signal) {
      if (found === undefined) return;
      const lines = learnt.map((name) => `flush map netdev ${flowsTableName} ${name}`);
      try {
        await carryOut(exec, lines, failure, { timeoutMs: commandMs, ...(signal && { signal }) });
      } catch {
        // Written anew, it knows none.
        found = undefined;
        passes.request();
      }
    },
    check() {
      isCheck = true;
      passes.request();
    },
    settled: async () => await passes.settled(),
    async clear(signal) {
      const actual = await read(signal);
      if (actual === 'none') return;
      await carryOut(exec, removalScript('netdev', flowsTableName), failure, {
        timeoutMs: commandMs,
        ...(signal && { signal }),
      });
      if (actual.chains.has(strictBefore)) settings.write(liberal, '0');
    },
    [Symbol.asyncDispose]: async () => await passes[Symbol.asyncDispose](),
  };
}

/** Elements are not compared: without one a packet takes the long way. */
function hasRulesOf(table: NftTable, actual: NftView | 'none'): boolean {
  if (actual === 'none') return false;
  const { chains, sets } = viewOf(table);
  const isSame = [...chains].every(([name, rules]) => actual.chains.get(name)?.join() === rules.join());
  return isSame && chains.size === actual.chains.size && [...sets.keys()].every((name) => actual.sets.has(name));
}
