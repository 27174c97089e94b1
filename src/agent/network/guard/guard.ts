import { TuttiError } from '../../../model/errors.ts';
import type { Clock, Log } from '../../../platform/ports.ts';
import type { AttachmentFollower } from '../../attachments/ports.ts';
import type { Findings } from '../findings.ts';
import type { NftTable, NftView } from '../kernel-state.ts';
import { guardTableName } from '../names.ts';
import { carryOut } from '../nft/carry-out.ts';
import { parseNftTable } from '../nft/read.ts';
import { nftScript, removalScript, viewOf } from '../nft/script.ts';
import { createPasses } from '../passes.ts';
import type { Exec, KernelSettings } from '../ports.ts';
import { portsOf, readDevices, readPorts } from './ports-of.ts';
import type { Occupant } from './ports-of.ts';
import { guardTable } from './rules.ts';

export interface GuardPorts {
  readonly attachments: AttachmentFollower;
  readonly exec: Exec;
  readonly settings: Pick<KernelSettings, 'read' | 'list'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
  readonly findings: Findings;
  /** Told who is behind which port of a bridge whenever that is guarded. */
  readonly guarded: (ports: ReadonlyMap<string, Occupant>) => void;
}

/** Keeps containers from speaking for one another on the node's bridges. What it made stays when it is disposed of. */
export interface Guard extends AsyncDisposable {
  /** Something may have been wiped: the rules are read again. */
  check(): void;
  /** Resolves when all that was heard of until now is in force, rejects with why it is not. */
  settled(): Promise<void>;
  /** Removes its rules; only after disposing. @throws TuttiError `unavailable` */
  clear(signal?: AbortSignal): Promise<void>;
}

/** Containers that start together are guarded together: what is done for each takes time from the next start. */
const quietMs = 50;
const spacingMs = 600;
/** Of a container that has ended nothing is heard. */
const patientMs = 600;
const commandMs = 20_000;
const failure = 'nft could not change what containers may send';

export function createGuard({ attachments, exec, settings, clock, log, findings, guarded }: GuardPorts): Guard {
  /** What the kernel has; undefined: it has to be read. */
  let found: NftView | 'none' | undefined;
  /** What it was given last. */
  let last: NftTable | undefined;
  let isCheck = false;
  /** Before that the rules of an agent before this one stay as they are. */
  let isKnown = false;
  let disputed = '';

  const wanted = () => {
    const running = [...attachments.containers.values()];
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
      if (disputed !== '') {
        log.warn('several containers seem to be behind one port: it is not guarded', { ports: disputed });
      }
    }
    return occupied.ports;
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
    isAlwaysSpaced: true,
    async work(signal) {
      if (!isKnown) return;
      const before = isCheck ? undefined : found;
      const actual = before ?? (await read(signal));
      const drift = isCheck && last !== undefined ? scriptFrom(actual, last) : [];
      isCheck = false;
      const ports = wanted();
      const table = guardTable(ports);
      found = undefined;
      await carryOut(exec, scriptFrom(actual, table), failure, { timeoutMs: commandMs, signal });
      found = viewOf(table);
      last = table;
      guarded(ports);
      if (drift.length > 0) findings.note('guard', drift, true);
    },
    onFault(fault, retryMs) {
      log.error('what containers may send is not as it should be', { reason: TuttiError.from(fault).message, retryMs });
    },
  });
  const subscription = attachments.subscribe(({ kind }) => {
    isKnown = true;
    passes.request(kind === 'ended' ? 'patient' : undefined);
  });

  return {
    check() {
      isCheck = true;
      passes.request();
    },
    async settled() {
      await attachments.settled();
      await passes.settled();
    },
    async clear(signal) {
      const lines = removalScript('bridge', guardTableName);
      await carryOut(exec, lines, failure, { timeoutMs: commandMs, ...(signal && { signal }) });
    },
    async [Symbol.asyncDispose]() {
      subscription[Symbol.dispose]();
      await passes[Symbol.asyncDispose]();
    },
  };
}

const scriptFrom = (actual: NftView | 'none', table: NftTable): string[] =>
  nftScript(actual === 'none' ? undefined : actual, table);
