import type { Slot, Slots } from './slots.ts';

/** Bits of a server's administrative state that take it out: set by hand or with another server, or being drained. */
const outBits = 0x01 | 0x02 | 0x08 | 0x10 | 0x20;

/**
 * Reads `show servers state` of HAProxy (management guide, 9.3): the slots that it has now. Its columns are named by its
 * second line.
 */
export const readServersState = (text: string): Slots => {
  const slots = new Map<string, Slot[]>();
  let columns: readonly string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) columns = line.slice(2).split(' ');
    const values = line.split(' ');
    if (line.startsWith('#') || values.length < columns.length || columns.length === 0) continue;
    const of = (name: string): string => values[columns.indexOf(name)] ?? '';
    const found = slots.get(of('be_name'));
    const slot: Slot = {
      name: of('srv_name'),
      address: of('srv_addr'),
      port: Number(of('srv_port')),
      weight: Number(of('srv_uweight')),
      ready: Number(of('srv_op_state')) === 2 && (Number(of('srv_admin_state')) & outBits) === 0,
    };
    if (found === undefined) slots.set(of('be_name'), [slot]);
    else found.push(slot);
  }
  return slots;
};
