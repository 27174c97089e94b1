import { networkIdOf } from '../../../model/network.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Clock, Log, Timer } from '../../../platform/ports.ts';
import { followAttachments } from '../../attachments/follow.ts';
import type { AttachmentEngine, Attachments } from '../../attachments/ports.ts';
import type { Findings } from '../findings.ts';
import type { NftTable, NftView } from '../kernel-state.ts';
import { guardTableName } from '../names.ts';
import { carryOut } from '../nft/carry-out.ts';
import { parseNftTable } from '../nft/read.ts';
import { nftScript, removalScript, viewOf } from '../nft/script.ts';
import { createPasses } from '../passes.ts';
import type { Exec, KernelSettings } from '../ports.ts';
import { portsOf, readDevices, readPorts } from './ports-of.ts';
import { guardTable } from './rules.ts';

export interface GuardPorts {
  readonly engine: AttachmentEngine;
  readonly exec: Exec;
  readonly settings: Pick<KernelSettings, 'read' | 'list'>;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
  readonly log: Log;
  readonly findings: Findings;
}

/** Keeps containers from speaking for one another on the node's bridges. What it made stays when it is disposed of. */
export interface Guard extends AsyncDisposable {
  /** Something may have been wiped: the rules are read again. */
  check(): void;
  /** Resolves when all that was heard of until now is in force, rejects with why it is not. */
  settled(): Promise<void>;
  /** Removes its rules; only after disposing. */
  clear(signal?: AbortSignal): Promise<void>;
}

/** Containers that start together are looked at together: what is done for each takes time from the next start. */
const quietMs = 50;
const spacingMs = 600;
/** A container comes to its networks some time before it starts, and has nobody inside of it until then. */
const patientMs = 600;
/** What came to a network before anybody listened has started by then, or never does. */
const freshMs = 60_000;
const commandMs = 20_000;

export function createGuard({ engine, exec, settings, clock, log, findings }: GuardPorts): Guard {
  const ended = new AbortController();
  /** Containers on networks of ours, as they were looked at last. */
  const containers = new Map<string, Attachments>();
  const waiting = new Set<string>();
  /** Those that came to a network of ours and were not seen to run yet. */
  const coming = new Set<string>();
  /** For a while after it was begun to listen. */
  let fresh: Timer | undefined;
  /** What the kernel has; undefined: it has to be read. */
  let found: NftView | 'none' | undefined;
  /** What it was given last. */
  let last: NftTable | undefined;
  let isCheck = false;
  /** Before that the rules of an agent before this one stay as they are. */
  let isInformed = false;
  let disputed = '';

  const look = async (id: string, signal: AbortSignal): Promise<void> => {
    const attachments = await engine.attachmentsOf(id, { signal });
    const isOurs = attachments?.networks.some(({ name }) => networkIdOf(name) !== undefined) === true;
    // One that does not run yet is told of again when it does.
    if (attachments === undefined || attachments.pid <= 0 || !isOurs) containers.delete(id);
    else containers.set(id, attachments);
    if (attachments === undefined || attachments.pid > 0) coming.delete(id);
    waiting.delete(id);
  };
  const wanted = () => {
    const running = [...containers.values()];
    const bridges = readPorts(
      settings,
      running.flatMap(({ networks }) => networks.map(({ name }) => name)),
    );
    const occupied = portsOf(
      bridges,
      running.map(({ pid, networks }) => ({ devices: readDevices(settings, pid), networks })),
    );
    if (disputed !== occupied.disputed.join()) {
      disputed = occupied.disputed.join();
      log.warn('several containers seem to be behind one port: it is not guarded', { ports: disputed });
    }
    return guardTable(occupied.ports);
  };
  const read = async (signal: AbortSignal): Promise<NftView | 'none'> => {
    const args = ['-j', 'list', 'table', 'bridge', guardTableName];
    const { code, stdout } = await exec('nft', args, { timeoutMs: commandMs, signal });
    signal.throwIfAborted();
    if (code < 0) throw new TuttiError('unavailable', 'nft could not read what containers may send');
    return code === 0 ? parseNftTable(stdout) : 'none';
  };
  const passes = createPasses({
    clock,
    quietMs,
    patientMs,
    spacingMs,
    async work(signal) {
      if (!isInformed) return;
      for (const id of waiting) await look(id, signal);
      const before = isCheck ? undefined : found;
      const actual = before ?? (await read(signal));
      const drift = isCheck && last !== undefined ? scriptFrom(actual, last) : [];
      isCheck = false;
      const table = wanted();
      found = undefined;
      const failure = 'nft could not change what containers may send';
      await carryOut(exec, scriptFrom(actual, table), failure, { timeoutMs: commandMs, signal });
      found = viewOf(table);
      last = table;
      if (drift.length > 0) findings.note('guard', drift, true);
    },
    onFault(fault, retryMs) {
      log.error('what containers may send is not as it should be', { reason: TuttiError.from(fault).message, retryMs });
    },
  });
  const following = followAttachments(
    { engine, clock, log },
    {
      adopt(running) {
        for (const id of containers.keys()) if (!running.has(id)) containers.delete(id);
        coming.clear();
        fresh?.cancel();
        fresh = clock.after(freshMs, () => (fresh = undefined));
        for (const id of running) waiting.add(id);
        isInformed = true;
        passes.request();
      },
      changed(id, network, has) {
        const isStart = network === '';
        const isOurs = networkIdOf(network) !== undefined;
        if (isOurs && has) coming.add(id);
        else if (isOurs) coming.delete(id);
        const concerns = coming.has(id) || containers.has(id) || (isStart && fresh !== undefined);
        if (!concerns || !(isStart || isOurs)) return;
        waiting.add(id);
        passes.request(isStart ? undefined : 'patient');
      },
    },
    ended.signal,
  );

  return {
    check() {
      isCheck = true;
      passes.request();
    },
    settled: async () => await passes.settled(),
    async clear(signal) {
      const input = `${removalScript('bridge', guardTableName).join('\n')}\n`;
      await exec('nft', ['-f', '-'], { input, timeoutMs: commandMs, ...(signal && { signal }) });
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await following;
      fresh?.cancel();
      await passes[Symbol.asyncDispose]();
    },
  };
}

const scriptFrom = (actual: NftView | 'none', table: NftTable): string[] =>
  nftScript(actual === 'none' ? undefined : actual, table);
