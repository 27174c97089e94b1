import type { Row, Rows } from '../../src/agent/dns/row.ts';
import { createRowTexts } from '../../src/agent/dns/rows.ts';
import type { Assignments } from '../../src/agent/network/endpoints.ts';

/** The rows that a resolver is told for these assignments. */
export const rowsOf = (assignments: Assignments): Rows =>
  new Map([...createRowTexts()(assignments, new Map())].map(([key, text]) => [key, JSON.parse(text) as Row]));
