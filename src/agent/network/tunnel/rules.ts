import * as z from 'zod';
import type { AssignedPeer } from '../../../model/assignment.ts';
import type { NftView } from '../kernel-state.ts';
import { overlayDevice, tableName } from '../names.ts';
import { carryOut } from '../nft/carry-out.ts';
import { parseNftTable } from '../nft/read.ts';
import { nftScript, removalScript, viewOf } from '../nft/script.ts';
import type { Exec } from '../ports.ts';
import type { Seal } from './seal.ts';
import { tunnelTable } from './table.ts';

/** The rules that keep what is sealed from going in clear. */
export interface SealRules {
  /** What a former run left: how far each peer was. Peers that nothing has gone to yet are not in it. */
  before(peers: readonly AssignedPeer[], now: number, signal?: AbortSignal): Promise<ReadonlyMap<string, Seal>>;
  /** Gives the commands that it took. */
  change(seals: ReadonlyMap<string, Seal>, signal?: AbortSignal): Promise<readonly string[]>;
  /** They may have been wiped. */
  forget(): void;
  clear(signal?: AbortSignal): Promise<void>;
}

const timeoutMs = 20_000;
const forwarding = z.array(z.object({ dst: z.string().optional() }));

export function createSealRules(exec: Exec): SealRules {
  let found: NftView | 'unknown' | undefined = 'unknown';
  const output = async (
    command: string,
    args: readonly string[],
    signal?: AbortSignal,
  ): Promise<string | undefined> => {
    const { code, stdout } = await exec(command, args, { timeoutMs, ...(signal && { signal }) });
    signal?.throwIfAborted();
    return code === 0 ? stdout : undefined;
  };
  const read = async (signal?: AbortSignal): Promise<NftView | undefined> => {
    const text = await output('nft', ['-j', 'list', 'table', 'inet', tableName], signal);
    return text === undefined ? undefined : parseNftTable(text);
  };
  const nft = async (lines: readonly string[], signal?: AbortSignal): Promise<void> => {
    await carryOut(exec, lines, 'nft could not set rules', { timeoutMs, ...(signal && { signal }) });
  };
  return {
    async before(peers, now, signal) {
      const [view, fdb] = await Promise.all([
        read(signal),
        output('bridge', ['-j', 'fdb', 'show', 'dev', overlayDevice], signal),
      ]);
      found = view;
      const talkedTo = new Set(forwarding.parse(JSON.parse(fdb ?? '[]')).map(({ dst }) => dst));
      const seals = new Map<string, Seal>();
      for (const { address } of peers) {
        if (view?.sets.get('strict')?.has(address) === true) seals.set(address, { kind: 'sealed' });
        else if (view?.sets.get('sealed')?.has(address) === true) seals.set(address, { kind: 'sending', since: now });
        else if (talkedTo.has(address)) seals.set(address, { kind: 'open' });
      }
      return seals;
    },
    async change(seals, signal) {
      const table = tunnelTable(seals);
      const actual = found === 'unknown' ? await read(signal) : found;
      found = 'unknown';
      const lines = nftScript(actual, table);
      await nft(lines, signal);
      found = viewOf(table);
      return lines;
    },
    forget: () => void (found = 'unknown'),
    clear: async (signal) => await nft(removalScript('inet'), signal),
  };
}
