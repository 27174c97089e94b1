import type { NodeRole } from '../../model/node.ts';
import type { Clock, Randomness } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import type { Allocator } from '../allocator.ts';

/** What commands need. */
export interface CommandContext {
  readonly store: Store;
  readonly allocator: Allocator;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Randomness, 'id'>;
  /** A new join token for the role, of the authority with this certificate. */
  readonly joinToken: (role: NodeRole, caCertificate: string) => string;
}

/** The columns that every new row begins with. */
export const newRow = <Id extends string>({ clock, random }: Pick<CommandContext, 'clock' | 'random'>) => {
  const now = clock.now();
  return { id: random.id() as Id, version: 0, createdAt: now, updatedAt: now };
};
