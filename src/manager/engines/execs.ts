/** Where execs were made: the newest of them. */
export interface Execs {
  note(id: string, nodeId: string): void;
  nodeOf(id: string): string | undefined;
}

/** An exec is started right after it was made; older ones are asked for. */
const kept = 10_000;

export const createExecs = (): Execs => {
  const nodes = new Map<string, string>();
  return {
    note: (id, nodeId) => {
      nodes.delete(id);
      nodes.set(id, nodeId);
      const [oldest] = nodes.keys();
      if (nodes.size > kept && oldest !== undefined) nodes.delete(oldest);
    },
    nodeOf: (id) => nodes.get(id),
  };
};
