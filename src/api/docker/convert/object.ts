import type { Stored } from '../../../model/object.ts';
import { timestampOf } from './time.ts';

/** What every Swarm object begins with. */
export const objectTo = <Id extends string>(object: Stored<Id>) => ({
  ID: object.id,
  Version: { Index: object.version },
  CreatedAt: timestampOf(object.createdAt),
  UpdatedAt: timestampOf(object.updatedAt),
});
