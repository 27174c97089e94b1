/** What one node's proxy says, in Prometheus' text format (exposition format 0.0.4). */
export interface NodeMetrics {
  readonly node: string;
  readonly text: string;
}

interface Family {
  /** `# HELP …` and `# TYPE …`. */
  readonly head: string[];
  readonly samples: string[];
}

const sample = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})? (\S+(?: \d+)?)$/;
const comment = /^# (?:HELP|TYPE) ([A-Za-z_:][A-Za-z0-9_:]*) /;

const labelValue = (text: string): string =>
  text.replace(/[\\"\n]/g, (found) => (found === '\n' ? String.raw`\n` : `\\${found}`));

/** One text of all nodes': each sample with its `node`, and what belongs to one metric together, as the format wants it. */
export const mergeMetrics = (parts: readonly NodeMetrics[]): string => {
  const families = new Map<string, Family>();
  const familyOf = (name: string): Family => {
    const known = families.get(name);
    if (known !== undefined) return known;
    const made: Family = { head: [], samples: [] };
    families.set(name, made);
    return made;
  };
  for (const [index, { node, text }] of parts.entries()) {
    const label = `node="${labelValue(node)}"`;
    for (const line of text.split('\n')) {
      const told = comment.exec(line)?.[1];
      if (told !== undefined) {
        const { head } = familyOf(told);
        if (index === 0 || head.every((one) => one.slice(0, 7) !== line.slice(0, 7))) head.push(line);
        continue;
      }
      const [, name, labels, value] = sample.exec(line) ?? [];
      if (name === undefined) continue;
      familyOf(name).samples.push(`${name}{${labels ? `${label},${labels}` : label}} ${value}`);
    }
  }
  return [...families.values()].map(({ head, samples }) => [...head, ...samples, ''].join('\n')).join('');
};
