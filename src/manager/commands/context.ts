import type { ReservedPort } from '../../core/allocate/ports.ts';
import type { NodeRole } from '../../model/node.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { Clock, Randomness } from '../../platform/ports.ts';
import type { Store, Transaction } from '../../store/store.ts';
import type { Allocator } from '../allocator.ts';
import type { FindHeld } from '../service/held.ts';

/** What commands need. */
export interface CommandContext {
  readonly store: Store;
  readonly allocator: Allocator;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Randomness, 'id'>;
  /** A new join token for the role, of the authority with this certificate. */
  readonly joinToken: (role: NodeRole, caCertificate: string) => string;
  /** Absent: what others than services have on nodes is not asked for. */
  readonly findHeld?: FindHeld;
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
  /** Ports that others than services have on nodes. */
  readonly held: readonly ReservedPort[];
}

/**
 * A transaction that may give addresses and ports to services: addresses are free again where it fails. `specs`: of
 * services that are made or changed by it.
 */
export const allocating = async <Value>(
  context: CommandContext,
  specs: readonly ServiceSpec[],
  decide: (transaction: Transaction, context: ServiceContext) => Value,
): Promise<Value> => {
  const given = new Set<string>();
  const held = (await context.findHeld?.(specs)) ?? [];
  try {
    return (await context.store.update((transaction) => decide(transaction, { ...context, given, held }))).value;
  } catch (error) {
    context.allocator.takeBackServices(given);
    throw error;
  }
};
