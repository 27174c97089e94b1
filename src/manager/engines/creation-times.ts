/** When the containers of each node were made, nanoseconds since the epoch, as engines told. */
export interface CreationTimes {
  get(nodeId: string, id: string): number | undefined;
  /** May come before its container is listed. */
  note(nodeId: string, id: string, nanos: number): void;
  /** The node's engine has listed all that it has: what is missing for the second time has come and gone. */
  listed(nodeId: string, ids: ReadonlySet<string | undefined>): void;
  forget(nodeId: string, id: string): void;
  drop(nodeId: string): void;
}

interface Made {
  readonly nanos: number;
  /** A list has come without it: it may have been made while that was written. */
  readonly wasMissing: boolean;
}

export const createCreationTimes = (): CreationTimes => {
  const nodes = new Map<string, Map<string, Made>>();
  return {
    get: (nodeId, id) => nodes.get(nodeId)?.get(id)?.nanos,
    note: (nodeId, id, nanos) => {
      let times = nodes.get(nodeId);
      if (times === undefined) nodes.set(nodeId, (times = new Map<string, Made>()));
      times.set(id, { nanos, wasMissing: false });
    },
    listed: (nodeId, ids) => {
      const times = nodes.get(nodeId);
      for (const [id, { nanos, wasMissing }] of times ?? []) {
        if (ids.has(id)) continue;
        if (wasMissing) times?.delete(id);
        else times?.set(id, { nanos, wasMissing: true });
      }
    },
    forget: (nodeId, id) => {
      nodes.get(nodeId)?.delete(id);
    },
    drop: (nodeId) => {
      nodes.delete(nodeId);
    },
  };
};
