import type * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';

/** The items of an engine's list. @throws TuttiError `internal` where it is no list or an item has another shape. */
export function parseList<Item extends z.ZodType>(item: Item, value: unknown): z.infer<Item>[] {
  if (!Array.isArray(value)) throw new TuttiError('internal', 'the engine sent something that is not a list');
  return value.map((entry) => {
    const parsed = item.safeParse(entry);
    if (!parsed.success)
      throw new TuttiError('internal', `the engine sent a list with an unknown shape: ${parsed.error.message}`);
    return parsed.data;
  });
}
