/** What every stored object has. `version` is the store revision of its last change: the optimistic lock. */
export interface Stored<Id extends string> {
  readonly id: Id;
  /** Store revision at the last change; 0 until the object is committed. */
  readonly version: number;
  /**
   * The `version` at which `spec` was last written, where later ones are the cluster's own writes into the row; absent:
   * `version`. A client's change of what it has read since then stands beside those. Writer: the store.
   */
  readonly specWrittenIn?: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** Everything in it is read-only, to the bottom. */
export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends readonly (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : T extends string | number | boolean | bigint | symbol | null | undefined
      ? T
      : T extends object
        ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
        : T;

export type Labels = Readonly<Record<string, string>>;
