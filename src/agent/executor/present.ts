/** The object without its undefined fields: what is absent in the model stays absent in the request. */
export function present<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  const result: Partial<Fields> = {};
  for (const name in fields) if (fields[name] !== undefined) result[name] = fields[name];
  return result as { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };
}
