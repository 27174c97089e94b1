import * as z from 'zod';
import type { DoorLogView } from '../../model/native.ts';

const entrySchema = z.object({
  time: z.number(),
  client: z.string(),
  method: z.string(),
  host: z.string(),
  uri: z.string(),
  protocol: z.string(),
  status: z.number(),
  bytes: z.number(),
  route: z.string(),
  task: z.string(),
  ms: z.number(),
  end: z.string(),
});

/** A line of a node's access log. `routes`: the routes' names by what the proxy calls them. Undefined where it is none. */
export const readEntry = (
  line: string,
  node: string,
  routes: ReadonlyMap<string, string>,
): Extract<DoorLogView, { readonly time: number }> | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { success, data } = entrySchema.safeParse(value);
  if (!success) return undefined;
  const { time, route: backend, task, ...entry } = data;
  const route = routes.get(backend);
  return {
    node,
    time: Math.round(time * 1000),
    ...entry,
    ...(route !== undefined && { route }),
    // A dash stands for nobody.
    ...(!task.startsWith('-') && { task }),
  };
};
