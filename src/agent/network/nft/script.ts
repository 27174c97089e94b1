import { createHash } from 'node:crypto';
import type { NftChain, NftSet, NftTable, NftView } from '../kernel-state.ts';
import { tableName } from '../names.ts';

/** What tells a rule from every other: it is written into the rule's comment and read back from there. */
export function fingerprint(rule: string): string {
  const known = fingerprints.get(rule);
  if (known !== undefined) return known;
  const made = createHash('sha256').update(rule).digest('hex').slice(0, 12);
  // Most rules never change; those that do are not worth remembering for long.
  if (fingerprints.size >= 2_000) fingerprints.clear();
  fingerprints.set(rule, made);
  return made;
}

const fingerprints = new Map<string, string>();

/** Of a chain's rules. A chain is never changed: the same one has the same list. */
function fingerprintsOf(chain: NftChain): readonly string[] {
  const known = chainFingerprints.get(chain);
  if (known !== undefined) return known;
  const made = chain.rules.map(fingerprint);
  chainFingerprints.set(chain, made);
  return made;
}

const chainFingerprints = new WeakMap<NftChain, readonly string[]>();

/** The table as it reads back once it is in the kernel. */
export function viewOf(table: NftTable): NftView {
  return {
    sets: new Map([...table.sets].map(([name, { elements }]) => [name, elements])),
    chains: new Map([...table.chains].map(([name, chain]) => [name, fingerprintsOf(chain)])),
  };
}

/**
 * The commands that turn what the kernel has into the table, for one transaction; empty when nothing differs. A table
 * that is missing, or whose sets are not all there, is written anew. Hooks are not read back: who changes one renames the chain.
 */
export function nftScript(actual: NftView | undefined, table: NftTable): string[] {
  if (actual === undefined || !isComplete(actual, table)) return wholeScript(table);
  const removedChains = [...actual.chains.keys()].filter((name) => !table.chains.has(name));
  const elements = [...table.sets].map(([name, set]) => elementChanges(table, name, set, actual.sets.get(name)));
  return [
    ...[...table.chains].flatMap(([name, chain]) => (actual.chains.has(name) ? [] : [addChain(table, name, chain)])),
    ...elements.flatMap(({ remove }) => remove),
    ...changedChains(actual, table).flatMap((name) => [`flush chain ${in_(table)} ${name}`, ...rulesOf(table, name)]),
    ...elements.flatMap(({ add }) => add),
    ...removedChains.flatMap((name) => [`flush chain ${in_(table)} ${name}`, `delete chain ${in_(table)} ${name}`]),
  ];
}

/** The command that removes a table, whether it is there or not. */
export const removalScript = (family: NftTable['family'], name: string = tableName): string[] => [
  `add table ${family} ${name}`,
  `delete table ${family} ${name}`,
];

const in_ = ({ family, name = tableName }: Pick<NftTable, 'family' | 'name'>): string => `${family} ${name}`;

const addChain = (table: NftTable, name: string, { hook }: NftChain): string =>
  `add chain ${in_(table)} ${name}${hook === undefined ? '' : ` { ${hook} }`}`;

function isComplete(actual: NftView, table: NftTable): boolean {
  return (
    [...table.sets.keys()].every((name) => actual.sets.has(name)) &&
    [...actual.sets.keys()].every((name) => table.sets.has(name))
  );
}

function wholeScript(table: NftTable): string[] {
  return [
    ...removalScript(table.family, table.name),
    `add table ${in_(table)}`,
    ...[...table.sets].map(([name, { kind, declaration }]) => `add ${kind} ${in_(table)} ${name} { ${declaration} }`),
    ...[...table.chains].map(([name, chain]) => addChain(table, name, chain)),
    ...[...table.chains.keys()].flatMap((name) => rulesOf(table, name)),
    ...[...table.sets].flatMap(([name, set]) => elementChanges(table, name, set, undefined).add),
  ];
}

function rulesOf(table: NftTable, chain: string): string[] {
  const rules = table.chains.get(chain)?.rules ?? [];
  return rules.map((rule) => `add rule ${in_(table)} ${chain} ${rule} comment "${fingerprint(rule)}"`);
}

function changedChains(actual: NftView, table: NftTable): string[] {
  return [...table.chains]
    .filter(([name, chain]) => {
      const before = actual.chains.get(name) ?? [];
      const after = fingerprintsOf(chain);
      return before !== after && (before.length !== after.length || after.some((one, index) => before[index] !== one));
    })
    .map(([name]) => name);
}

function elementChanges(
  table: NftTable,
  name: string,
  { elements, kind }: NftSet,
  actual: ReadonlyMap<string, string> = new Map(),
): { readonly remove: string[]; readonly add: string[] } {
  const gone = [...actual].filter(([key, value]) => elements.get(key) !== value);
  const fresh = [...elements].filter(([key, value]) => actual.get(key) !== value);
  const command = (verb: string, entries: readonly (readonly [string, string])[]): string[] =>
    entries.length === 0
      ? []
      : [
          `${verb} element ${in_(table)} ${name} { ${entries
            .map(([key, value]) => (kind === 'map' ? `${key} : ${value}` : key))
            .join(', ')} }`,
        ];
  return { remove: command('delete', gone), add: command('add', fresh) };
}
