/** A Tutti network of this node: where the resolver is asked, and whose names it has. */
export interface NetworkRow {
  readonly kind: 'network';
  readonly id: string;
  readonly name: string;
  /** `10.128.16.0/20` */
  readonly subnet: string;
  readonly gateway: string;
  /** `fd00:1::/64` */
  readonly subnet6?: string;
  readonly internal: boolean;
}

/** One task on one network, wherever it runs, or a service's own address there. */
export interface EndpointRow {
  readonly kind: 'endpoint';
  /** `<network id>/<task id>` */
  readonly id: string;
  readonly networkId: string;
  readonly taskId: string;
  readonly address: string;
  readonly address6?: string;
  readonly names: readonly string[];
  readonly taskNames: readonly string[];
  readonly ready: boolean;
  /** The address stays while tasks come and go. */
  readonly virtual?: boolean;
  /** `name:alias`: what it alone calls others. */
  readonly links?: readonly string[];
  /** `80/tcp`, `80/tcp/http`: what its names answer on. */
  readonly ports?: readonly string[];
}

/** Resolvers that a task of this node asked for. */
export interface ServersRow {
  readonly kind: 'servers';
  /** The task's. */
  readonly id: string;
  readonly servers: readonly string[];
}

/** What the resolver is told, as a set of small keyed values: everything that it answers is made from these alone. */
export type Row = NetworkRow | EndpointRow | ServersRow;
export type RowKey = `${Row['kind']}:${string}`;

/** What differs from the rows before; `whole`: there are none but these. */
export interface RowChange {
  readonly whole: boolean;
  readonly put: readonly Row[];
  /** Keys. */
  readonly remove: readonly string[];
}

export const rowKey = ({ kind, id }: Row): RowKey => `${kind}:${id}`;

/** Bounds of a row, held by both sides. */
export const rowLimits = { text: 255, id: 520, list: 256 } as const;
