/** One field that differs; absent sides were not set. Values are short texts for people, never secret data. */
export interface FieldChange {
  /** As in `task.containers[main].image`. */
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
}

const hidden = new Set(['data', 'pullCredentials']);
/** Variables whose values do not belong on a screen or in the log of a build. */
const hiddenVariable = /env\[[^\]]*(?:PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL)[^\]]*\]$/i;
/** Fields for which absent does not mean false. */
const trueByDefault = new Set(['required', 'createHostPath', 'init']);
const longest = 120;

/** The fields in which two specifications differ. Absent, false and empty say the same, as they do to the engine. */
export function differences(before: unknown, after: unknown): FieldChange[] {
  return compare(before, after, '');
}

function compare(before: unknown, after: unknown, path: string): FieldChange[] {
  const key = path.split('.').at(-1) ?? '';
  if (canonical({ [key]: before }) === canonical({ [key]: after })) return [];
  if (hidden.has(key) || hiddenVariable.test(path)) {
    return [{ path, before: '(not shown)', after: '(not shown)' }];
  }
  const fieldsBefore = fields(before, key);
  const fieldsAfter = fields(after, key);
  if (fieldsBefore === undefined || fieldsAfter === undefined) return [change(path, before, after)];
  const keys = new Set([...fieldsBefore.keys(), ...fieldsAfter.keys()]);
  const inside = [...keys].flatMap((name) => compare(fieldsBefore.get(name), fieldsAfter.get(name), join(path, name)));
  // The same entries in another order: it may matter, as with the networks of a task.
  return inside.length > 0 ? inside : [change(path, before, after)];
}

function change(path: string, before: unknown, after: unknown): FieldChange {
  return {
    path,
    ...(isNothing(before) ? {} : { before: show(before) }),
    ...(isNothing(after) ? {} : { after: show(after) }),
  };
}

/** Objects by key, lists of named things by `[name]`; everything else is compared whole. */
function fields(value: unknown, key: string): ReadonlyMap<string, unknown> | undefined {
  if (value === undefined) return new Map();
  if (Array.isArray(value)) {
    if (value.length === 0) return new Map();
    const names = value.map(key === 'env' ? variableName : nameOf);
    if (names.includes(undefined) || new Set(names).size !== names.length) return undefined;
    return new Map(value.map((item, index) => [`[${names[index]}]`, item]));
  }
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
}

function variableName(item: unknown): string | undefined {
  return typeof item === 'string' ? item.split('=', 1)[0] : undefined;
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

/** JSON with sorted keys and without what says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(essence(value)) ?? '';
}

function essence(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => essence(item) ?? null);
  if (typeof value !== 'object' || value === null) return isNothing(value) ? undefined : value;
  const kept = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const rest = inner === false && trueByDefault.has(key) ? inner : essence(key === 'env' ? sorted(inner) : inner);
    return rest === undefined ? [] : [[key, rest]];
  });
  if (kept.length === 0) return undefined;
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Variables have no order. */
function sorted(env: unknown): unknown {
  return Array.isArray(env) ? env.map(String).sort() : env;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === false;
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
