import type { NodeRole } from '../../model/node.ts';
import type { Clock, Randomness } from '../../platform/ports.ts';
import type { Store, Transaction } from '../../store/store.ts';
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

/** What commands need inside of a transaction that changes services. */
export interface ServiceContext extends CommandContext {
  /** Services that addresses were given to in it. */
  readonly given: Set<string>;
}

/** A transaction that may give addresses to services: they are free again where it fails. */
export const allocating = async <Value>(
  context: CommandContext,
  decide: (transaction: Transaction, context: ServiceContext) => Value,
): Promise<Value> => {
  const given = new Set<string>();
  try {
    return (await context.store.update((transaction) => decide(transaction, { ...context, given }))).value;
  } catch (error) {
    context.allocator.takeBackServices(given);
    throw error;
  }
};
