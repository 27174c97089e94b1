import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { NftView } from '../kernel-state.ts';
import { overlayDevice } from '../names.ts';
import { hexadecimal } from '../ruleset.ts';

const value = z.unknown();
const of = { table: z.string().optional() };
const listing = z.object({
  nftables: z.array(
    z.object({
      set: z.object({ ...of, name: z.string(), elem: z.array(value).optional() }).optional(),
      map: z.object({ ...of, name: z.string(), elem: z.array(z.tuple([value, value])).optional() }).optional(),
      chain: z.object({ ...of, name: z.string() }).optional(),
      rule: z.object({ ...of, chain: z.string(), comment: z.string().optional() }).optional(),
    }),
  ),
});

/**
 * Reads `nft -j list table`, or, of a list of several, the one that is named. @throws TuttiError `internal` when nft prints
 * something else than it used to.
 */
export function parseNftTable(text: string, table?: string): NftView {
  const parsed = listing.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new TuttiError('internal', `nft listed a table in an unknown form: ${parsed.error.message}`);
  const sets = new Map<string, Map<string, string>>();
  const chains = new Map<string, string[]>();
  for (const { set, map, chain, rule } of parsed.data.nftables) {
    if (table !== undefined && (set ?? map ?? chain ?? rule)?.table !== table) continue;
    if (set !== undefined) sets.set(set.name, new Map((set.elem ?? []).map((key) => [keyText(key), ''])));
    if (map !== undefined) {
      sets.set(map.name, new Map((map.elem ?? []).map(([key, result]) => [keyText(key), resultText(result)])));
    }
    if (chain !== undefined) chains.set(chain.name, []);
    if (rule !== undefined) chains.get(rule.chain)?.push(rule.comment ?? '');
  }
  return { sets, chains };
}

const prefix = z.object({ prefix: z.object({ addr: z.string(), len: z.number() }) });
const concatenation = z.object({ concat: z.array(value) });
const element = z.object({ elem: z.object({ val: value }) });

/** A key as our scripts write it; what we never write comes out as JSON and is removed as not ours. */
function keyText(key: unknown): string {
  if (typeof key === 'number') return String(key);
  // Of all that we put into sets only interface names stand in quotes.
  if (typeof key === 'string') return key.startsWith(overlayDevice) ? `"${key}"` : key;
  const asPrefix = prefix.safeParse(key);
  if (asPrefix.success) return `${asPrefix.data.prefix.addr}/${asPrefix.data.prefix.len}`;
  const asConcatenation = concatenation.safeParse(key);
  if (asConcatenation.success) return asConcatenation.data.concat.map(keyText).join(' . ');
  const asElement = element.safeParse(key);
  return asElement.success ? keyText(asElement.data.elem.val) : JSON.stringify(key);
}

const jump = z.object({ goto: z.object({ target: z.string() }) });
const drop = z.object({ drop: z.null() });

function resultText(result: unknown): string {
  if (typeof result === 'number') return hexadecimal(result);
  if (drop.safeParse(result).success) return 'drop';
  const asJump = jump.safeParse(result);
  return asJump.success ? `goto ${asJump.data.goto.target}` : JSON.stringify(result);
}
