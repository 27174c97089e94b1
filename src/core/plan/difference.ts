/** One field that differs; absent sides were not set. Values are short texts for people, never secret data. */
export interface FieldChange {
  /** As in `task.containers[main].image`. */
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
}

const hidden = new Set(['data', 'pullCredentials']);
const longest = 120;

/** The fields in which two specifications differ. Absent, false and empty say the same, as they do to the engine. */
export function differences(before: unknown, after: unknown): FieldChange[] {
  return compare(before, after, '');
}

function compare(before: unknown, after: unknown, path: string): FieldChange[] {
  if (sameMeaning(before, after)) return [];
  if (hidden.has(path.split('.').at(-1) ?? '')) return [{ path, before: '(not shown)', after: '(not shown)' }];
  const fieldsBefore = fields(before);
  const fieldsAfter = fields(after);
  if (fieldsBefore === undefined || fieldsAfter === undefined) return [change(path, before, after)];
  const keys = new Set([...fieldsBefore.keys(), ...fieldsAfter.keys()]);
  return [...keys].flatMap((key) => compare(fieldsBefore.get(key), fieldsAfter.get(key), join(path, key)));
}

function change(path: string, before: unknown, after: unknown): FieldChange {
  return {
    path,
    ...(isNothing(before) ? {} : { before: show(before) }),
    ...(isNothing(after) ? {} : { after: show(after) }),
  };
}

/** Objects by key, lists of named things by `[name]`; everything else is compared whole. */
function fields(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (value === undefined) return new Map();
  if (Array.isArray(value)) {
    if (value.length === 0) return new Map();
    const names = value.map(nameOf);
    if (names.includes(undefined) || new Set(names).size !== names.length) return undefined;
    return new Map(value.map((item, index) => [`[${names[index]}]`, item]));
  }
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
}

/** What tells an entry of a list from its neighbours: containers by name, mounts by target, references by id. */
function nameOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
  for (const key of ['networkId', 'secretName', 'configName', 'name', 'service', 'target', 'containerPath', 'subnet']) {
    const name = (item as Readonly<Record<string, unknown>>)[key];
    if (typeof name === 'string' || typeof name === 'number') return String(name);
  }
  return undefined;
}

function join(path: string, key: string): string {
  return path === '' || key.startsWith('[') ? `${path}${key}` : `${path}.${key}`;
}

function sameMeaning(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

/** JSON with sorted keys and without what says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(essence(value)) ?? '';
}

function essence(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => essence(item) ?? null);
  if (typeof value !== 'object' || value === null) return isNothing(value) ? undefined : value;
  const kept = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const rest = essence(inner);
    return rest === undefined ? [] : [[key, rest]];
  });
  if (kept.length === 0) return undefined;
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === false;
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
